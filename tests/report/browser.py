#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""browser.py WARDER CHAINS PICTURES: makes the report of each of three recorded attacks, opens it in a real Chromium, and uses it as
a responder would. Leaves pictures in light, dark and print in PICTURES, to be looked at. Exit code 1 where a check failed."""
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import zlib

from webdriver import Browser

warder, chains, pictures = sys.argv[1:4]
passed = failed = 0


def check(name, holds):
    global passed, failed
    if holds:
        passed += 1
        print(f"ok   {name}")
    else:
        failed += 1
        print(f"FAIL {name}")


def report(name, record, *args):
    page = os.path.join(pictures, f"{name}.html")
    done = subprocess.run([warder, "report", record, "-o", page, *args], capture_output=True, text=True)
    check(f"{name}: the page is made", done.returncode == 0)
    return page


def containers():
    """The names that the recording has, by what they end in."""
    text = subprocess.run([warder, "report", chains], capture_output=True, text=True, check=True).stdout
    return {word: re.search(rf"\bwt\d+-{word}\b", text).group(0) for word in ("breakout", "peer", "hostile")}


def run(*args, stdin=None):
    return subprocess.run([warder, "report", *args], capture_output=True, text=True, stdin=stdin)


def commands():
    """What the command says and returns, without a browser."""
    text = run(chains).stdout
    with open(chains, "rb") as file, subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE) as pipe:
        piped = run("-", stdin=pipe.stdout).stdout
    check("command: a pipe is read too", piped.split("WALLS")[1] == text.split("WALLS")[1] and "warder report" not in piped)
    check("command: without a file it is a mistake", run().returncode == 2)
    check("command: so is an option that is none", run("--no-such", chains).returncode == 2)
    check("command: so are two ways to say which", run("--incident", "a", "--container", "b", chains).returncode == 2)
    none = run("--incident", "ffff", chains)
    check("command: an incident that is not there: 3, with a sentence",
          none.returncode == 3 and none.stderr == f"warder: {chains}: no incident in it has the uid 'ffff'\n")
    check("command: a file that is not there: 3", run(os.path.join(pictures, "none.pb")).returncode == 3)
    check("command: what is no record: 3", run(sys.argv[0]).returncode == 3)
    there = os.path.join(pictures, "no", "such.html")
    check("command: a page that cannot be written: 3", run("-o", there, chains).returncode == 3)
    check("command: a full disk: 3", run("-o", "/dev/full", chains).returncode == 3)
    check("command: a device stays one", stat.S_ISCHR(os.stat("/dev/full").st_mode))
    check("command: the text has no byte that a terminal obeys", not set(text) & {chr(c) for c in range(32) if c != 10})


def colours(png):
    """How many different pixels a picture has: one that is blank has one."""
    at, data, width, channels = 8, b"", 0, 3
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at:at + 8])
        body = png[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width = struct.unpack(">I", body[:4])[0]
            channels = {2: 3, 6: 4}[body[9]]
        elif kind == b"IDAT":
            data += body
        at += size + 12
    raw = zlib.decompress(data)
    row = width * channels + 1
    # Unfiltered values would do for a picture's colours; that rows differ at all does for not being blank.
    return len({raw[i:i + row] for i in range(0, len(raw), row)})


def brightness(browser):
    colour = browser.script("return getComputedStyle(document.body).backgroundColor")
    return sum(int(n) for n in re.findall(r"\d+", colour)[:3])


def clean(browser, name, what):
    said = [line["message"] for line in browser.log()]
    check(f"{name}: {what}: the console is silent, and the content policy refused nothing {said or ''}", not said)


def visible(browser):
    return browser.script("return Array.from(document.querySelectorAll('#rows tr')).filter((r) => !r.hidden).length")


def use(browser, name, page):
    browser.open("file://" + os.path.realpath(page))
    clean(browser, name, "opened")
    check(f"{name}: the title is its own", browser.title() == "warder: incident report")
    check(f"{name}: nothing is wider than the window",
          browser.script("return document.documentElement.scrollWidth") <= browser.script("return window.innerWidth"))
    check(f"{name}: no element and no attribute came from a name", browser.script(
        "return document.querySelectorAll('img, iframe, object, embed, form, base, link, [onerror], [onload], [style]').length") == 0)
    check(f"{name}: one script, one style", browser.script(
        "return document.scripts.length + document.querySelectorAll('style').length") == 2)
    rows = visible(browser)
    check(f"{name}: the timeline has rows: {rows}", rows > 5)
    browser.type("#search", "no such words in it")
    check(f"{name}: a filter that nothing fits leaves what is missing alone", visible(browser) ==
          browser.script("return document.querySelectorAll('#rows tr[data-stage=missing]').length"))
    browser.clear("#search")
    browser.type("#search", "container starts")
    check(f"{name}: the timeline is filtered by words: {visible(browser)}", 0 < visible(browser) < rows)
    browser.clear("#search")
    browser.script("document.getElementById('search').dispatchEvent(new Event('input'))")
    browser.click(".controls input[value=context]")
    check(f"{name}: and by stage: {visible(browser)}", 0 < visible(browser) < rows and browser.script(
        "return Array.from(document.querySelectorAll('#rows tr[data-stage=context]')).every((r) => r.hidden)"))
    browser.click(".controls input[value=context]")
    check(f"{name}: all rows are back", visible(browser) == rows)
    browser.click(".tree summary")
    check(f"{name}: a process is expanded", browser.script("return document.querySelector('.tree details').open"))
    browser.click("#expand")
    check(f"{name}: all are", browser.script("return document.querySelectorAll('.tree details:not([open])').length") == 0)
    browser.click(".command button")
    copied = browser.promise("navigator.clipboard.readText()")
    check(f"{name}: a command is copied: {copied}", copied == browser.script("return document.querySelector('.command code').textContent"))
    browser.click("#rows td.num a")
    check(f"{name}: a number leads to its raw event, and opens it", browser.script(
        "const d = document.querySelector(location.hash); return d.open || d.closest('.rawlist').open"))
    clean(browser, name, "used")


def look(browser, name):
    """In light, dark and on paper."""
    for scheme in ("light", "dark"):
        browser.media("", scheme)
        picture = browser.picture(whole=True)
        with open(os.path.join(pictures, f"{name}-{scheme}.png"), "wb") as out:
            out.write(picture)
        check(f"{name}: the picture in {scheme} is not blank", colours(picture) > 100)
        check(f"{name}: it is {scheme}", (brightness(browser) > 384) == (scheme == "light"))
    browser.media("print", "dark")
    check(f"{name}: on paper it is black on white, without controls", brightness(browser) == 765 and browser.script(
        "return getComputedStyle(document.querySelector('nav')).display") == "none")
    browser.media("", "light")
    paper = browser.pdf()
    with open(os.path.join(pictures, f"{name}.pdf"), "wb") as out:
        out.write(paper)
    text = subprocess.run(["pdftotext", "-layout", os.path.join(pictures, f"{name}.pdf"), "-"], capture_output=True, text=True).stdout
    check(f"{name}: on paper the processes are open", "no_new_privs" in text)
    check(f"{name}: and the raw events are not", "They are not printed" in text and '"boot_ns"' not in text)


def without_script(browser, name, page):
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    browser.open("file://" + os.path.realpath(page))
    check(f"{name}: without a script it can be read, and offers nothing that needs one",
          browser.script("return document.querySelectorAll('#rows tr').length > 5 && "
                         "Array.from(document.querySelectorAll('[data-script]')).every((e) => e.hidden)"))
    browser.cdp("Emulation.setScriptExecutionDisabled", value=False)


def hostile(browser, page):
    """Names that are markup, escapes and overrides do nothing, and can be seen."""
    text = browser.script("return document.body.textContent")
    with open(page, "rb") as file:
        raw = file.read()
    check("hostile: the markup in a name is text", '<img src=x onerror=document.title="owned">' in text)
    check("hostile: an escape is seen", "\\x1b]0;owned" in text and b"\x1b" not in raw)
    check("hostile: an override is seen", "gpj.\\xe2\\x80\\xaeexe" in text and b"\xe2\x80\xae" not in raw)
    check("hostile: invalid bytes are seen", "/tmp/\\xff\\xfe" in text)
    check("hostile: the page is UTF-8", raw.decode() != "")


def cut(path):
    """The recording without some of what the container did."""
    with open(chains, "rb") as file:
        data = file.read()
    frames, at = [], 0
    while at < len(data):
        start, size, shift = at, 0, 0
        while True:
            byte = data[at]
            at += 1
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        at += size
        frames.append(data[start:at])
    middle = len(frames) // 2
    with open(path, "wb") as file:
        file.write(b"".join(frames[:middle] + frames[middle + 3:]))


def main():
    for tool, package in (("chromium", "chromium"), ("chromedriver", "chromium-driver"), ("pdftotext", "poppler-utils")):
        if not shutil.which(tool):
            print(f"SKIP the report in a browser: {tool} is not installed (Debian's {package}): run scripts/deps.sh test")
            return 0
    os.makedirs(pictures, exist_ok=True)
    commands()
    browser = Browser()
    browser.cdp("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    try:
        for name, container in containers().items():
            page = report(name, chains, "--container", container)
            use(browser, name, page)
            if name == "hostile":
                hostile(browser, page)
            look(browser, name)
        without_script(browser, "breakout", os.path.join(pictures, "breakout.html"))
        record = os.path.join(pictures, "gap.pb")
        cut(record)
        browser.open("file://" + os.path.realpath(report("gap", record)))
        check("gap: what is missing is a row of its own, and in the verdict's view", browser.script(
            "return document.querySelectorAll('#rows tr.r-missing').length === 1 && "
            "document.querySelector('.note.bad').textContent.includes('3 events are missing')"))
        browser.type("#search", "no such words in it")
        check("gap: a filter does not hide it", visible(browser) == 1)
    finally:
        browser.close()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
