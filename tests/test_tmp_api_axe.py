import mimetypes, os
from pathlib import Path
def test_axe(client, db):
    html = client.get("/api/v1/").content
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]="1"
    from playwright.sync_api import sync_playwright
    from axe_playwright_python.sync_playwright import Axe
    def serve(route):
        p = route.request.url.split("8000",1)[1].split("#")[0]
        if p.startswith("/static/"):
            f=Path("/work/main"+p)
            return route.fulfill(body=f.read_bytes(), content_type=mimetypes.guess_type(p)[0] or "text/plain") if f.exists() else route.abort()
        return route.fulfill(body=html, content_type="text/html; charset=utf-8")
    with sync_playwright() as p:
        b=p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox","--disable-gpu","--disable-dev-shm-usage"])
        for w in (1280,390):
            page=b.new_page(viewport={"width":w,"height":900})
            page.route("**/*", serve)
            page.goto("http://localhost:8000/api/v1/")
            r=Axe().run(page, options={"runOnly":["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa"]})
            print(w, r.violations_count, r.generate_report()[:3000] if r.violations_count else "")
            print("overflow", page.evaluate("document.documentElement.scrollWidth"))
            page.screenshot(path=f"/tmp/apidev/{w}.png")
            page.evaluate("document.getElementById('step_order').scrollIntoView()")
            page.screenshot(path=f"/tmp/apidev/{w}b.png")
        b.close()
