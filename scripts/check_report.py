#!/usr/bin/env python3
"""Opens reports of `torus-sim report` in headless Chromium and checks that their pictures are drawn.

    scripts/check_report.py REPORT.html...

Needs chromium and chromedriver (Debian: apt-get install chromium chromium-driver), and nothing but Python's own
library. For each report, in a wide and a narrow window, light and dark:

- the console has no message of any kind, and the page asked for nothing but itself;
- there is a picture, and every series of every picture that has points has drawn marks of some size within the picture;
- no label of a picture overlaps another or is cut off, and the page is not wider than its window.

Exit code 0 if all is well, 1 if not (each finding on a line), 2 if the browser cannot be used.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

WINDOWS = [(1280, 2400), (390, 1600)]

PROBE = r"""
const findings = [];
const plots = [...document.querySelectorAll('svg.plot')];
if (plots.length === 0) findings.push('there is no picture');
let marks = 0;
for (const plot of plots) {
  const frame = plot.getBoundingClientRect();
  const say = (what) => findings.push(plot.id + ': ' + what);
  if (frame.width < 100 || frame.height < 50) say('is ' + frame.width + ' by ' + frame.height);
  if (!plot.querySelector(':scope > title') || !plot.querySelector(':scope > desc')) say('has no title or description');
  if (!plot.closest('figure')?.querySelector('details table')) say('has no table');
  for (const series of plot.querySelectorAll('g.series')) {
    const name = series.dataset.series;
    const drawn = [...series.querySelectorAll('.mark')];
    marks += drawn.length;
    if (Number(series.dataset.points) > 0 && drawn.length === 0) say('nothing is drawn of ' + name);
    for (const mark of drawn) {
      const box = mark.getBoundingClientRect(), shape = mark.getBBox();
      const length = mark.tagName === 'path' ? mark.getTotalLength() : shape.width;
      const dot = mark.tagName === 'path' && mark.getAttribute('d').includes('h0');
      if (!(length > 0) && !dot) say('a mark of ' + name + ' has no size');
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 ||
          box.bottom > frame.bottom + 1) say('a mark of ' + name + ' lies outside');
      const style = getComputedStyle(mark);
      const paint = [style.fill, style.stroke].some((it) => it !== 'none' && !/^rgba\(.*, 0\)$/.test(it));
      if (!paint) say('a mark of ' + name + ' has no colour');
    }
  }
  const labels = [...plot.querySelectorAll('text')].map((it) => [it.textContent, it.getBoundingClientRect()]);
  labels.forEach(([text, box], place) => {
    if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 ||
        box.bottom > frame.bottom + 1) say('the label "' + text + '" is cut off');
    for (const [other, its] of labels.slice(place + 1)) {
      const wide = Math.min(box.right, its.right) - Math.max(box.left, its.left);
      const high = Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top);
      if (wide > 0.5 && high > 3) say('the labels "' + text + '" and "' + other + '" overlap');
    }
  });
}
const wider = document.documentElement.scrollWidth - window.innerWidth;
if (wider > 1) findings.push('the page is ' + wider + ' pixels wider than its window');
for (const it of performance.getEntriesByType('resource')) {
  if (!it.name.startsWith('data:')) findings.push('the page asks for ' + it.name);
}
return { findings, plots: plots.length, marks };
"""


class Driver:
    """A session of chromedriver."""

    def __init__(self, profile: str, dark: bool):
        chromedriver, chromium = shutil.which("chromedriver"), shutil.which("chromium") or shutil.which("google-chrome")
        if not chromedriver or not chromium:
            raise RuntimeError("chromium and chromedriver are needed: apt-get install chromium chromium-driver")
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        self.process = subprocess.Popen([chromedriver, "--port=0"], **pipes)
        told = (line for line in self.process.stdout if "successfully on port" in line)
        port = next((line.rsplit("port ", 1)[1].strip(" .\n") for line in told), None)
        self.base = f"http://127.0.0.1:{port}"
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                     "--disable-dev-shm-usage", f"--user-data-dir={profile}"]
        if dark:
            arguments.append("--blink-settings=preferredColorScheme=0")
        options = {"binary": chromium, "args": arguments}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        try:
            session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        except Exception:
            self.process.terminate()
            raise
        self.base += "/session/" + session["sessionId"]

    def call(self, method: str, path: str, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"].splitlines()[0]) from error

    def check(self, page: pathlib.Path, window) -> dict:
        width, height = window
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": metrics})
        self.call("POST", "/url", {"url": page.resolve().as_uri()})
        seen = self.call("POST", "/execute/sync", {"script": PROBE, "args": []})
        log = self.call("POST", "/se/log", {"type": "browser"})
        seen["findings"] += [f"console: {entry['message']}" for entry in log]
        return seen

    def close(self):
        try:
            self.call("DELETE", "", None)
        finally:
            self.process.terminate()
            self.process.wait(10)


def main(pages: list[str]) -> int:
    if not pages:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    bad = False
    for dark in (False, True):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            try:
                driver = Driver(profile, dark)
            except (RuntimeError, OSError) as error:
                print(f"error: no browser: {error}", file=sys.stderr)
                return 2
            try:
                for page in pages:
                    for window in WINDOWS:
                        begun = time.monotonic()
                        seen = driver.check(pathlib.Path(page), window)
                        looks = f"{window[0]} wide, {'dark' if dark else 'light'}"
                        for finding in seen["findings"]:
                            bad = True
                            print(f"{page} ({looks}): {finding}")
                        if not seen["findings"]:
                            took = time.monotonic() - begun
                            print(f"{page} ({looks}): {seen['plots']} pictures, {seen['marks']} marks, {took:.1f} s")
            except (RuntimeError, OSError) as error:
                print(f"error: {error}", file=sys.stderr)
                return 2
            finally:
                driver.close()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
