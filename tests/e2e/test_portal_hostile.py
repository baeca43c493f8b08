"""Hostile contents in the portal never run, and a session without a scope sees why."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.support.portal import Portal
from tests.support.stack import StackProcess

Opening = Callable[..., Portal]
HOSTILE = '<img src=x onerror=alert(1)><script>alert(2)</script><a href="javascript:alert(3)">x</a>'
HOSTILE_HTML = (
    f"{HOSTILE}<style>*{{display:none}}</style><p style='color:red' onclick=alert(4)>Told anyway</p>"
    "<iframe srcdoc='<script>alert(5)</script>'></iframe><svg onload=alert(6)><math><mtext><table><mglyph><style>"
    "<!--</style><img title='--&gt;&lt;img src=1 onerror=alert(7)&gt;'><form action=//evil.example><input name=x>"
)
HOSTILE_MARKDOWN = f"{HOSTILE}\n\n[x](javascript:alert(8)) ![pixel](https://evil.example/p.png) **Told anyway**"


def test_hostile_contents_never_run_and_without_the_scope_one_sees_why(
    portal: Opening, tenant: str, local_stack: StackProcess
) -> None:
    with local_stack.client(tenant) as api:
        source = api.post("v1/sources", json={"name": HOSTILE}).json()["source"]["id"]
        items = [
            {"externalItemId": HOSTILE, "title": HOSTILE, "content": HOSTILE_HTML, "contentType": "text/html"},
            {
                "externalItemId": "md",
                "title": "\u202egnp.exe",
                "content": HOSTILE_MARKDOWN,
                "contentType": "text/markdown",
            },
        ]
        items[0] |= {"metadata": {"a": HOSTILE}, "tags": ["<b>x</b>"], "url": "https://x.example/?%3Cscript%3E"}
        pushed = api.post(f"v1/sources/{source}/items/batch", json={"items": items})
        assert pushed.is_success, pushed.text
        wanted = {"name": HOSTILE[:90], "scopes": ["sources:read", "items:read", "runs:read"]}
        viewer = api.post("v1/admin/keys", json=wanted).json()["secret"]
    person = portal()
    page = person.open(f"#/content/{source}", key=viewer)
    expect(page.get_by_role("checkbox")).to_have_count(2)
    button = page.get_by_role("button", name="New item")
    button.hover()
    expect(page.get_by_text("Needs the scope items:write").last).to_be_visible()
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    for id in (HOSTILE, "md"):
        page.locator(".item-name", has=page.locator("code", has_text=id)).get_by_role("link").click()
        expect(page.locator(".rendered").get_by_text("Told anyway")).to_be_visible()
        harm = "img, script, style, iframe, svg, math, form, input, [style], [onclick], a[href^=javascript]"
        expect(page.locator(".rendered").locator(harm)).to_have_count(0)
        person.check()
        page.get_by_role("link", name="All content").click()
    person.go("#/home")
    expect(page.get_by_role("article")).to_be_visible()
    person.check()
    person.close(refused=(404,))
