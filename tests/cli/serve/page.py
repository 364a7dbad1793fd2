"""Uses the page as a person does. usage: page.py URL [FOLDER-FOR-SCREENSHOTS]"""
import json
import sys

from browser import Browser

url = sys.argv[1]
browser = Browser()
js = browser.js


def shot(name):
    if len(sys.argv) > 2:
        browser.screenshot(f"{sys.argv[2]}/{name}.png")


def say(text, n_turns):
    js("document.getElementById('text').focus()")
    browser.type(text)
    browser.key("Enter")
    browser.wait(f"running === null && current.turns.length == {n_turns} && current.turns.at(-1).note_text !== undefined")


def click(selector, label):
    js(f"[...document.querySelectorAll({json.dumps(selector)})].filter(b => b.textContent == {json.dumps(label)}).at(-1).click()")


MARKDOWN = """# Title

Some *weak*, **strong**, `code <b>` and [link](https://example.org/a_(b)), [bad](javascript:alert(1)),
<script>alert(1)</script><img src=x onerror=alert(2)> 2 * 3 * 4, snake_case_name

- one
  - inner
1. first

> quote

```c
if (a < b) *p = 1;
```

| a | b |
|---|---|
| 1 | **2** |"""

try:
    browser.call("Page.navigate", url=url)
    browser.wait("document.title == 'rwkv7-shakespeare'")
    print("empty:", js("document.querySelector('.empty').textContent"))
    js("document.getElementById('max_tokens').value = 20; document.getElementById('seed').value = 1")
    say("Who art thou?", 2)
    first = js("current.turns[1].content")
    print("answered:", len(first) > 20, "shown:", js("document.querySelector('.turn.assistant .body').textContent.length > 20"))
    print("note:", js("document.querySelector('.turn.assistant header span').textContent"))
    shot("answer")
    say("What wilt thou do?", 4)
    print("known of the second prompt:", int(js("document.getElementById('rate').textContent").split()[-4]) > 10)
    click(".turn.assistant .acts button", "Retry")
    browser.wait("running === null && current.turns.length == 4")
    js("document.getElementById('text').focus()")
    browser.key("ArrowUp")
    browser.wait("document.activeElement.tagName == 'TEXTAREA' && document.activeElement.id == ''")
    js("document.activeElement.value = 'Hello.'")
    browser.key("Enter")
    browser.wait("running === null && current.turns.length == 4 && current.turns[2].content == 'Hello.'")
    print("edited, turns:", js("current.turns.length"))

    js("document.getElementById('max_tokens').value = 16000; document.getElementById('preset').value = 'creative'")
    js("document.getElementById('text').focus()")
    browser.type("Speak for long.")
    browser.key("Enter")
    browser.wait("running && current.turns.at(-1).content.length > 300")
    print("stop is shown:", not js("document.getElementById('stop').hidden"))
    print("the end is in sight:", js("(l => l.scrollHeight - l.scrollTop - l.clientHeight < 80)(document.getElementById('log'))"))
    shot("streaming")
    browser.key("Escape")
    browser.wait("running === null && current.turns.at(-1).note_text == 'stopped'")
    print("stopped")

    browser.key("n", modifiers=1)
    browser.wait("current.turns.length == 0")
    print("a new conversation, in all:", js("chats.length"))
    js("document.getElementById('think').value = 'short'; document.getElementById('max_tokens').value = 10")
    say("Who art thou?", 2)
    print("a thought:", js("document.querySelector('details.thought summary').textContent"))
    browser.call("Page.reload")
    browser.wait("document.readyState == 'complete' && document.title == 'rwkv7-shakespeare' && current?.turns.length == 2")
    print("after a reload:", js("chats.length"), "conversations, think", js("document.getElementById('think').value"))

    js(f"current.turns.push({{role: 'assistant', content: {json.dumps(MARKDOWN)}, thought: '1 < 2'}}); showTurns()")
    print(js("[...document.querySelectorAll('.turn.assistant .body')].at(-1).innerHTML"))
    for theme in ("light", "dark"):
        js("document.getElementById('theme').click()")
        print(theme + ":", js("getComputedStyle(document.body).backgroundColor"))
    shot("dark")
    unnamed = "[...document.querySelectorAll('button, select, input, textarea')].filter(e => !(e.labels?.length || e.ariaLabel || e.textContent)).length"
    print("controls without a name:", js(unnamed))
    browser.call("Emulation.setDeviceMetricsOverride", width=390, height=700, deviceScaleFactor=1, mobile=True)
    print("wider than a telephone:", js("document.documentElement.scrollWidth > 390"))
    shot("narrow")
    print("complaints:", browser.problems())
finally:
    browser.close()
