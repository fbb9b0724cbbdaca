/* Small helps on top of pages that work without it. No library, no inline code, nothing kept in the browser. */
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const swedish = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Stockholm", hour: "2-digit", minute: "2-digit" });
  const clock = () => swedish.format(new Date()).replace(":", ".");

  function icon(sprite, name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${sprite}#f-icon-${name}`);
    svg.append(use);
    return svg;
  }

  /* The error summary takes focus, so that a screen reader and the keyboard start there. A link goes to its input. */
  const summary = document.querySelector("[data-error-summary]");
  if (summary) summary.focus();

  /* Autosave: <form data-autosave="URL"> posts itself when the writing rests; [data-save-status] says how it went. */
  const REST = 2000;
  const RETRY = 10000;
  const PATIENCE = 5000;
  for (const form of all("form[data-autosave]")) {
    const status = form.querySelector("[data-save-status]") || document.querySelector("[data-save-status]");
    let timer = 0;
    let dirty = false;
    let underway = null;
    const say = (text, tone) => {
      if (!status) return;
      const line = document.createElement("span");
      const words = document.createElement("span");
      line.className = `left left--${tone}`;
      words.textContent = text;
      line.append(icon(status.dataset.sprite, tone === "ok" ? "success" : "bell"), words);
      status.replaceChildren(line);
    };
    const later = (wait) => {
      clearTimeout(timer);
      timer = setTimeout(() => save(), wait);
    };
    function save(leaving = false) {
      clearTimeout(timer);
      if (!dirty || form.dataset.sent) return;
      if (underway) return later(REST);
      underway = send(leaving).finally(() => { underway = null; });
    }
    async function send(leaving) {
      dirty = false;
      const body = new FormData(form);
      for (const file of all("input[type=file]", form)) body.delete(file.name);
      try {
        const answer = await fetch(form.dataset.autosave, {
          method: "POST", body, credentials: "same-origin", redirect: "manual", keepalive: leaving,
          headers: { "X-Requested-With": "fetch" },
        });
        if (answer.type === "opaqueredirect" || answer.status === 401) {
          dirty = true;
          say("Du har loggats ut. Texten finns kvar på sidan: logga in i en ny flik och försök igen.", "soon");
          document.dispatchEvent(new CustomEvent("portal:ended"));
        } else if (answer.ok) {
          const token = answer.headers.get("X-Version");
          const version = form.querySelector("input[name=version]");
          if (token && version) version.value = token;
          say(`Utkastet sparades kl. ${clock()}`, "ok");
          if (!dirty) form.dispatchEvent(new CustomEvent("portal:saved"));
        } else if (answer.status === 409) {
          dirty = true;
          say("Utkastet har ändrats sedan sidan öppnades, eller så är utlåtandet redan skickat. Det du skrev finns kvar här: spara det för att jämföra.", "soon");
        } else {
          throw new Error(String(answer.status));
        }
      } catch {
        dirty = true;
        say("Kunde inte spara. Försöker igen om 10 sekunder. Texten finns kvar på sidan.", "soon");
        later(RETRY);
      }
    }
    form.addEventListener("input", () => { dirty = true; later(REST); });
    form.addEventListener("change", () => { dirty = true; later(REST); });
    form.addEventListener("focusout", (event) => { if (!form.contains(event.relatedTarget)) save(); });
    document.addEventListener("visibilitychange", () => { if (document.hidden) save(true); });
    // Before the next page is asked for, which may be this one again: it shows what was written last.
    window.addEventListener("beforeunload", () => save(true));
    form.addEventListener("submit", (event) => {
      clearTimeout(timer);
      if (!underway) return;
      // What was written a moment ago comes there first: never after what is sent now. A line that has died holds nobody.
      event.preventDefault();
      const button = event.submitter;
      Promise.race([underway, new Promise((go) => setTimeout(go, PATIENCE))]).then(() => {
        underway = null;
        form.requestSubmit(button);
      });
    });
  }

  /* Unsaved work: <form data-guard> (and every autosaving form) asks before the page is left. */
  for (const form of all("form[data-guard], form[data-autosave]")) {
    let changed = false;
    form.addEventListener("input", () => { changed = true; });
    form.addEventListener("portal:saved", () => { changed = false; });
    window.addEventListener("beforeunload", (event) => { if (changed && !form.dataset.sent) event.preventDefault(); });
  }

  /* The end of a login: what a window shows is taken away when its person is not logged in any more in this browser.
     The server is asked: after a minute, when the time is up, when the window is looked at again, and when another window
     is at a page without login (which says no more than "ask"). Writing counts as use. What was typed and not sent, and
     what a page holds that answered a form, goes to the server, to come back after the login; it is never taken as sent. */
  const windows = "BroadcastChannel" in window ? new BroadcastChannel("portal-login") : null;
  const { login, holds } = document.body.dataset;
  if (!login) {
    windows?.postMessage("");
  } else {
    const USED = 300000;
    const mine = (mark) => (mark || "").split("-")[0] === login.split("-")[0];
    const isPost = (form) => form && form.getAttribute("method") === "post";
    const typed = new Set();
    let used = Date.now();
    let ends = Date.now() + USED;
    let timer = 0;
    let left = false;
    const add = (form, name, value) => {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value });
      form.append(field);
    };
    const leave = (somebody) => {
      if (left) return; // asked twice at once: what is on its way is not broken off
      left = true;
      for (const form of all("form")) form.dataset.sent = "1"; // the page is left without a question
      const forms = [...typed].filter((form) => form.isConnected).reverse();
      if (!forms.length && holds !== undefined) forms.push(...all("main form").filter(isPost).slice(0, 1));
      if (!forms.length) {
        const here = location.pathname + location.search;
        document.body.replaceChildren();
        location.replace(somebody ? here : `/logga-in/?${new URLSearchParams({ utloggad: "fonster", next: here })}`);
        return;
      }
      const out = document.createElement("form");
      const sent = new URL(forms[0].getAttribute("action") || "", location.href);
      const taken = new Set();
      for (const form of forms) { // the last touched first; another's field of the same name is another's
        const values = [...new FormData(form)].filter(([name, value]) => (
          typeof value === "string" && !/password|token/.test(name) && !taken.has(name)
        ));
        for (const [name, value] of values) add(out, name, value);
        for (const [name] of values) taken.add(name);
      }
      if (!taken.has("_sida")) add(out, "_sida", sent.pathname + sent.search);
      add(out, "_inloggning", login);
      Object.assign(out, { method: "post", action: "/inloggad/" });
      document.body.replaceChildren(out);
      out.submit();
    };
    const ask = async (writing) => {
      clearTimeout(timer);
      if (writing === true) used = Date.now();
      let wait = 30;
      try {
        const answer = await fetch("/inloggad/", {
          credentials: "same-origin", cache: "no-store", headers: writing === true ? {} : { "X-Poll": "1" },
        });
        if (answer.status === 204) {
          const mark = answer.headers.get("X-Login");
          if (!mine(mark)) return leave(mark);
          wait = Number(answer.headers.get("X-Left")) + 1;
          ends = Date.now() + wait * 1000;
        }
      } catch {
        // no network: asked again
      }
      timer = setTimeout(ask, wait * 1000);
    };
    timer = setTimeout(ask, 60000);
    windows?.addEventListener("message", () => ask());
    document.addEventListener("portal:ended", () => ask());
    document.addEventListener("portal:saved", (event) => { typed.delete(event.target); }, true);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
    window.addEventListener("pageshow", (event) => { if (event.persisted) ask(); });
    window.addEventListener("focus", () => { if (Date.now() > ends) ask(); });
    document.addEventListener("input", (event) => {
      const { form } = event.target;
      if (!isPost(form)) return;
      typed.delete(form);
      typed.add(form);
      if (Date.now() - used > USED) ask(true);
    });
    document.addEventListener("submit", (event) => { // too late, perhaps: it says whose it is
      if (isPost(event.target) && Date.now() > ends) add(event.target, "_inloggning", login);
    });
  }

  /* Polling: <div data-poll="URL" data-poll-every="2"> is replaced until the answer says X-Done: 1.
     204: nothing new. X-Poll in the answer: the address to ask next. A hidden page does not ask. */
  for (const box of all("[data-poll]")) {
    const every = Math.max(1, Number(box.dataset.pollEvery) || 2) * 1000;
    let failures = 0;
    const ask = async () => {
      if (document.hidden) { // nobody looks: ask when somebody does
        document.addEventListener("visibilitychange", ask, { once: true });
        return;
      }
      try {
        const answer = await fetch(box.dataset.poll, {
          credentials: "same-origin", redirect: "manual", headers: { "X-Requested-With": "fetch", "X-Poll": "1" },
        });
        if (answer.status === 401) document.dispatchEvent(new CustomEvent("portal:ended"));
        if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 404) return;
        if (!answer.ok) throw new Error(String(answer.status));
        failures = 0;
        const text = await answer.text();
        const held = box.contains(document.activeElement); // the keyboard is in there: next time
        if (answer.status !== 204 && !held && box.innerHTML !== text) {
          box.innerHTML = text; // said again only when it is new
          if (answer.headers.get("X-Poll")) box.dataset.poll = answer.headers.get("X-Poll");
        }
        if (answer.headers.get("X-Done") === "1" && !held) return;
      } catch {
        failures += 1;
      }
      setTimeout(ask, Math.min(every * 2 ** failures, 30000));
    };
    setTimeout(ask, every);
  }

  /* "Vald grad: 2" follows the chosen square. */
  for (const group of all("[data-grade]")) {
    group.addEventListener("change", (event) => {
      const words = group.querySelector("[data-grade-words]");
      if (words && event.target.type === "radio") words.textContent = `Vald grad: ${event.target.value}`;
    });
  }

  /* A second press within three seconds is stopped: the first is on its way. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const now = Date.now();
    if (form.getAttribute("method") !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent && now - Number(form.dataset.sent) < 3000) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = String(now);
    const button = event.submitter;
    if (button) button.setAttribute("aria-disabled", "true");
    setTimeout(() => {
      delete form.dataset.sent;
      if (button) button.removeAttribute("aria-disabled");
    }, 3000);
  });
  window.addEventListener("pageshow", () => {
    for (const form of all("form[data-sent]")) delete form.dataset.sent;
    for (const button of all("button[aria-disabled]")) button.removeAttribute("aria-disabled");
  });
})();
