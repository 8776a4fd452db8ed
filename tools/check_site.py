"""Check the built course site as its readers meet it: `make site-check`, or

    python tools/check_site.py [SITE] [--shots DIR]

Without a browser: every link and anchor leads somewhere in the site, every picture has a text, formulas are set, every
bundled file is listed with its licence, and nothing secret of the course stands on any page. In Chromium, each page
opened from the folder, on a desktop in light and on a phone in dark colours: no request leaves the folder, the console
stays empty, nothing is wider than the window. Search is tried from the folder and from a server. Prints what is wrong;
exit code 1 when something is.
"""

import argparse
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from bs4 import BeautifulSoup
from tqdm import tqdm

from tipslib.grading.course import Course
from tipslib.grading.secrets import leaks, secrets

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
VIEWS = {"desktop-light": (1280, 900, "light"), "phone-dark": (390, 844, "dark")}
MORE_VIEWS = {"desktop-dark": (1280, 900, "dark"), "phone-light": (390, 844, "light")}
SHOTS = (
    "index",
    "students",
    "instructors",
    "contributors",
    "reference/techniques",
    "lectures/01_activations",
    "lectures/07_momentum",
    "lectures/08_batchnorm",
    "assignments/batchnorm",
    "reference/tipslib.scratch.batchnorm",
    "reference/index",
)
RAW_TEX = re.compile(r"\$|\\(?:frac|sum|partial|sigma|text|sqrt|begin)(?![a-z])")


class Page:
    """One built page: its parsed HTML, the ids in it, and its text without code and formulas."""

    def __init__(self, path: Path) -> None:
        self.html = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        self.ids = {tag["id"] for tag in self.html.find_all(id=True)}

    def prose(self) -> str:
        article = self.html.find("article")
        if article is None:
            return ""
        return "\n".join(
            text for text in article.find_all(string=True) if not text.find_parent(["pre", "code", "math", "script"])
        )


def static_problems(site: Path, pages: dict[str, Page]) -> Iterator[str]:
    """Dead links, pictures without a text, formulas that are not set, and things that come from another host."""
    for name, page in pages.items():
        for tag in page.html.find_all(True):
            for attribute in ("href", "src", "srcset", "data"):
                if (target := tag.get(attribute)) is None:
                    continue
                fetched = attribute != "href" or tag.name == "link"
                if problem := _dead(site, pages, name, target, fetched):
                    yield f"{name}: {problem}"
            if tag.name == "img" and not tag.get("alt"):
                yield f"{name}: the picture {tag.get('src')} has no text for those who cannot see it"
            if name == "reference/techniques.html" and "xref" in tag.get("class", ()) and not tag.find_parent("a"):
                yield f"{name}: {tag.get_text()!r} is not in the reference"
        if match := RAW_TEX.search(page.prose()):
            yield f"{name}: a formula is not set, near {page.prose()[match.start() - 30 :][:60]!r}"
    for sheet in [*site.rglob("*.css"), *site.rglob("*.js")]:
        text = sheet.read_text(encoding="utf-8")
        for url in re.findall(r"(?:url\(|@import |import\()\s*[\"']?(https?:[^\"')]*|//[^\"')]*)", text):
            yield f"{sheet.relative_to(site)} would fetch {url}"


def _dead(site: Path, pages: dict[str, Page], name: str, target: str, fetched: bool) -> str | None:
    """What is wrong with a link or source ``target`` of the page ``name``; None when it is good."""
    parts = urlsplit(target)
    if parts.scheme in ("data", "mailto"):
        return None
    if parts.scheme or parts.netloc:
        return f"would fetch {target}" if fetched else None
    path, anchor = urldefrag(target)
    path = unquote(urlsplit(path).path)
    file = ((site / name).parent / path).resolve() if path else (site / name).resolve()
    if not file.is_file() or not file.is_relative_to(site.resolve()):
        return f"the link {target} leads nowhere"
    inside = file.relative_to(site.resolve()).as_posix()
    if anchor and inside in pages and unquote(anchor) not in pages[inside].ids:
        return f"the link {target} leads to a page without that anchor"
    return None


def licence_problems(site: Path, listed: str) -> Iterator[str]:
    """Files that the page of licences does not list; ``listed`` is its text."""
    patterns = [f"_static/{pattern}" for pattern in re.findall(r"`([\w*./-]+)`", listed)]
    for path in sorted((site / "_static").rglob("*")):
        name = path.relative_to(site).as_posix()
        if path.is_file() and not any(fnmatch(name, pattern) for pattern in patterns):
            yield f"{name} is not listed in docs/licences.md"


def secret_problems(site: Path, course: Course) -> Iterator[str]:
    """Solutions, hidden tests and known mistakes in the text of any page, or in any other file."""
    with tempfile.TemporaryDirectory(prefix="tips-site-") as folder:
        for path in site.rglob("*"):
            if path.suffix not in (".html", ".js"):
                continue
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".html":
                # Without the numbers of lines, and without the permalinks of headings.
                html = BeautifulSoup(text, "html.parser")
                for tag in html.find_all(class_=["linenos", "headerlink"]):
                    tag.decompose()
                text = html.get_text()
            copy = Path(folder, path.relative_to(site)).with_suffix(".txt")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(text, encoding="utf-8")
        yield from leaks(Path(folder), secrets(course))


def browser_problems(site: Path, names: list[str], shots: Path | None) -> Iterator[str]:
    """What Chromium meets on the pages, and what search finds."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for view, (width, height, scheme) in VIEWS.items():
            tab = Tab(browser, width, height, scheme)
            for name in tqdm(names, desc=view, unit="page", leave=False):
                yield from tab.visit((site / name).as_uri(), f"{name} ({view})")
        tab = Tab(browser, 1280, 900, "light")
        yield from tab.search((site / "search.html").as_uri(), "search from the folder")
        with Server(site) as address:
            yield from tab.search(f"{address}/search.html", "search from a server")
        if shots:
            shots.mkdir(parents=True, exist_ok=True)
            for view, (width, height, scheme) in (VIEWS | MORE_VIEWS).items():
                tab = Tab(browser, width, height, scheme)
                for name in SHOTS:
                    tab.page.goto((site / f"{name}.html").as_uri())
                    tab.page.screenshot(path=shots / f"{name.replace('/', '-')}-{view}.png", clip=tab.top(3 * height))
        browser.close()


class Tab:
    """A browser's page that remembers what it asked for and what it complained about."""

    def __init__(self, browser, width: int, height: int, scheme: str) -> None:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.page, self.heard = context.new_page(), []
        self.page.on("console", lambda message: self.heard.append(f"the console says {message.text!r}"))
        self.page.on("pageerror", lambda error: self.heard.append(f"a script fails: {error}"))
        self.page.on("request", self._request)

    def _request(self, request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("file", "data", "blob") and parts.hostname != "127.0.0.1":
            self.heard.append(f"the page asks for {request.url}")

    def visit(self, url: str, name: str) -> Iterator[str]:
        self.heard.clear()
        self.page.goto(url)
        self.page.evaluate("document.fonts.ready.then(() => true)")
        yield from (f"{name}: {what}" for what in self.heard)
        if wide := self.page.evaluate(TOO_WIDE):
            yield f"{name}: wider than the window by {wide['by']} px: {wide['what']}"
        if formulas := self.page.evaluate(FLAT_FORMULAS):
            yield f"{name}: {formulas} formulas are not displayed"

    def search(self, url: str, name: str) -> Iterator[str]:
        self.heard.clear()
        self.page.goto(f"{url}?q=vanishing+gradient")
        self.page.wait_for_selector("ul.search li a", timeout=10_000)
        self.page.wait_for_function("document.querySelector('#search-results p.search-summary')")
        found = [link.get_attribute("href") for link in self.page.query_selector_all("ul.search li a")]
        if not any("lectures/01_activations.html" in href for href in found):
            yield f"{name}: 'vanishing gradient' does not find lecture 01, but {found[:5]}"
        yield from (f"{name}: {what}" for what in self.heard)

    def top(self, height: int) -> dict[str, int]:
        """The first ``height`` pixels of the page."""
        size = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        self.page.set_viewport_size({"width": self.page.viewport_size["width"], "height": min(height, size[1])})
        return {"x": 0, "y": 0, "width": size[0], "height": min(height, size[1])}


# The element that reaches furthest to the right, unless it scrolls inside another one.
TOO_WIDE = """() => {
  const by = document.documentElement.scrollWidth - window.innerWidth;
  if (by <= 0) return null;
  const right = element => element.getBoundingClientRect().right;
  const all = [...document.querySelectorAll("article *")].sort((a, b) => right(b) - right(a));
  return {by, what: all.length ? all[0].outerHTML.slice(0, 120) : "outside the text"};
}"""
FLAT_FORMULAS = """() => [...document.querySelectorAll("article math")].filter(
  math => !math.closest("details:not([open])") && math.getBoundingClientRect().height < 4).length"""


class Server:
    """The site on a free port of this machine, for as long as the ``with`` lasts."""

    def __init__(self, site: Path) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site)))

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *error) -> None:
        self.server.shutdown()
        self.server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check the built course site.")
    parser.add_argument("site", nargs="?", type=Path, default=ROOT / "site", help="the built site (default: site)")
    parser.add_argument("--shots", type=Path, metavar="DIR", help="also write screenshots of the main pages here")
    parser.add_argument("--no-browser", action="store_true", help="only what can be checked without one")
    args = parser.parse_args(argv)
    site = args.site.resolve()
    pages = {path.relative_to(site).as_posix(): Page(path) for path in sorted(site.rglob("*.html"))}
    if not pages:
        parser.error(f"there is no built site in {site}: run `make site` first")
    problems = [
        *static_problems(site, pages),
        *licence_problems(site, (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")),
        *secret_problems(site, Course(ROOT / "assignments")),
    ]
    if not args.no_browser:
        problems += browser_problems(site, list(pages), args.shots)
    print(*problems, sep="\n", end="\n" if problems else "", file=sys.stderr)
    print(f"{len(pages)} pages checked, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
