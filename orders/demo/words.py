"""Words of the made-up cases. Streets and companies say themselves that they are made up.

Telephone numbers: 070-174 06 05 to 99, the series that Post- och telestyrelsen keeps for films and examples.
"""

WOMEN = (
    "Agnes", "Alva", "Anja", "Astrid", "Beata", "Cecilia", "Disa", "Ebba", "Elin", "Fatima", "Freja", "Gunilla",
    "Hanna", "Ida", "Ines", "Jasmin", "Karin", "Leila", "Lovisa", "Maja", "Mirjam", "Nadja", "Olga", "Petra",
    "Rakel", "Saga", "Samira", "Siri", "Tilda", "Ulrika", "Vera", "Ylva",
)  # fmt: skip
MEN = (
    "Adam", "Ali", "Anton", "Arvid", "Björn", "Casper", "Dan", "Edvin", "Emil", "Filip", "Gustav", "Hassan",
    "Henrik", "Isak", "Ivar", "Jonas", "Karim", "Lars", "Linus", "Malte", "Mikael", "Nils", "Omar", "Oskar",
    "Pelle", "Rasmus", "Simon", "Sten", "Ture", "Viktor", "Wilmer", "Yusuf",
)  # fmt: skip
SURNAMES = (
    "Almkvist", "Askblom", "Bergtorp", "Björkdal", "Blomstrand", "Bäckfors", "Dalmark", "Ekskog", "Elmdal", "Fagerås",
    "Forshage", "Granvik", "Grenfors", "Hagtorp", "Hedmark", "Hultby", "Kvistås", "Lindtorp", "Ljungås", "Lundvik",
    "Mossfelt", "Myrdal", "Näsholm", "Rosenfors", "Rönnås", "Sandtorp", "Skogvik", "Stenås", "Strandby", "Sundmark",
    "Tallvik", "Vikfors", "Ängdal", "Åkerås", "Östtorp", "Holmdal",
)  # fmt: skip
STREETS = ("Påhittade gatan", "Exempelvägen", "Låtsasgränd", "Demostigen", "Provgatan", "Fiktiva vägen")
LANGUAGES = (
    "arabiska", "somaliska", "persiska", "tigrinja", "polska", "ukrainska", "finska", "bosniska", "dari",
    "svenskt teckenspråk",
)  # fmt: skip
NEEDS = (
    "", "", "", "", "Hörselslinga", "Lokal utan trappor", "Pauser var trettionde minut", "Kallelse med stor text",
    "Besök på förmiddagen", "Dämpad belysning", "Parkering nära entrén", "Stödperson följer med",
)  # fmt: skip
METHODS = ("Ingen särskild", "Ingen särskild", "Ingen särskild", "Gärna arbetsprov", "Gärna strukturerad intervju")
PURPOSES = (
    "Hur länge personen kan sitta, stå och koncentrera sig under en arbetsdag.",
    "Hur besvären påverkar förmågan att planera och slutföra uppgifter.",
    "Vilka fysiska krav personen klarar i normalt förekommande arbete.",
    "Hur energin räcker över en vecka och vad som krävs för återhämtning.",
)
NO_SELF_RATING = "Personen har avstått från att fylla i den."
REPRESENTATIVES = ("God man: Test Exempelsson, 070-174 06 98", "Ombud: Prov Demosson, 070-174 06 97")

RETURN = ("Ingen utförare har en ledig tid.", "Tolk för språket går inte att få inom tiden.")
ANEW = "Regionen har meddelat att det finns tider igen."
MISSING = ("Senaste röntgensvaret saknas.", "Journal från vårdcentralen efter årsskiftet saknas.")
ESSENTIAL = "Det behövs för att bedöma hur förmågan har ändrats."
ANSWER = ("Handlingen är bifogad.", "Vi har hämtat in handlingen från vården.")
DECLINE_QUESTION = "Handlingen finns redan bland det som är skickat."
ADDED = "Vi har fått in en handling till."
HAND_BACK = ("Läkaren har tidigare behandlat personen.", "Två medarbetare är borta och ersättare saknas.")
WITHDRAW = ("Ärendet har avgjorts på annat underlag.", "Personen har dragit tillbaka sin ansökan.")
PROPOSE = ("Personen har inte kommit till två bokade besök.", "Personen har meddelat att den inte vill delta.")
DECLINE_END = "Vi har talat med personen, som vill delta. Boka en ny tid."
END = {
    "cannot_take_part": "Personen kan inte delta under överskådlig tid.",
    "died": "Uppgift från folkbokföringen.",
    "moved": "Personen har flyttat från landet.",
    "nobody_can": "Ingen utförare i regionen kan utreda.",
    "objects": "Personen vill inte att utlåtandet skickas.",
}
EVIDENCE = "Kom med post i ett stämplat kuvert."
SUPPLEMENT = ("Motiveringen till graderingen saknas i en del.", "Skriv hur länge prognosen gäller.")
CANNOT = "Ett nytt besök skulle krävas, och personen kan inte komma."
RECALL = "Utlåtandet räcker som det är."
VOID = "Handlingen hör till ett annat ärende."
SETTLED = ("Påhittat: kallelsen kom sent fram.", "Påhittat: rutinen är genomgången med enheten.")
GROUNDS = (
    ("unclear", "Påhittat: minne och koncentration går inte att bedöma av läkaren ensam."),
    ("clears", "Påhittat: en annan profession kan pröva det vid ett eget besök."),
    ("matters", "Påhittat: det kan ändra graden i två kategorier."),
)
NOT_EXPANDED = "Påhittat: profilen går att bedöma med det som finns."
RISK = ("Påhittat: tolken uteblev och besöket behöver göras om.", "Påhittat: en undersökning måste göras om.")
OWN_MOTION = "Påhittat: underlaget kompletterades sent."
NOTICE = "Påhittat: sjuk, vill ha en ny tid."
NOT_DONE = "Påhittat: personen orkade inte med ett besök till."
FINDINGS = "Påhittad text: observerat vid besöket hos professionen."
JUDGEMENT = "Påhittad text: bekräftar läkarens bild av förmågan."
PLACE = "Påhittad mottagning, Provgatan 3, plan 2"

CONTENT = {
    "circumstances": "Påhittad text: undersökning på mottagningen i två timmar, med en paus.",
    "diagnosis": "Påhittad text för demonstration: ingen verklig diagnos.",
    "impact": "Påhittad text: besvären varierar över dagen och ökar vid ansträngning.",
    "prognosis": "Påhittad text: begränsningarna väntas bestå i minst ett år.",
    "risks": "Påhittad text: tunga lyft bör undvikas.",
    "findings": "Påhittad text: nedsatt rörlighet sågs vid undersökningen.",
}
GRADE_REASON = "Påhittad text: observerat vid besöket."
