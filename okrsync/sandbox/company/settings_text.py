"""The company's ``okrsync.yaml``, as a user writes it, with comments that teach."""

from __future__ import annotations

_TEXT = """\
# How okrsync reaches Ferrywell's trackers, and how work finds its key result.
# What is wanted stands in okrs.yaml; what people said and decided stands in ledger/.
version: 1
as_of: 2026-11-20            # pins "today" so that this example reads the same on any day; leave it out at home
timezone: Europe/Berlin      # sprint days and report dates
store: sqlite:///okrsync.db  # can be deleted at any time: the next sync builds it again
okrs: okrs.yaml
ledger: ledger/

sources:
  - name: web
    connector: github
    url: "{github_url}"      # leave out for github.com
    token: {{env: OKRSYNC_GITHUB_TOKEN}}       # the name of a variable, never the token itself
    repositories: [ferrywell/web]
    since: 2025-08-01        # nothing older than this
    team: growth             # GitHub has no team field
  - name: platform
    connector: github
    url: "{github_url}"
    token: {{env: OKRSYNC_GITHUB_TOKEN}}
    repositories: [ferrywell/platform]
    since: 2025-08-01
    team: platform
  - name: product
    connector: jira
    url: "{jira_url}"
{user}    token: {{env: OKRSYNC_JIRA_TOKEN}}
    projects: [PAY, GRO]

work:
  rules:                     # the first rule that matches wins, and its name is kept as the reason
    - {{if: {{label: "kr/*"}}, link: from_label}}          # label kr/KR1.1, and the aliases below
    - {{if: {{body: "KR:"}}, link: from_body}}             # a line "KR: KR1.1, KR2.1" splits equally
    - {{if: {{title: "[*]"}}, link: from_title}}           # "[KR1.2] Shorten the form"
    - {{if: {{parent_key: {epic}}}, link: KR2.2}}          # the epic "{epic_title}" and all below it
    - {{if: {{type: Story, component: Door}}, link: KR3.2}}
    - {{if: {{type: Story, component: Scanner}}, link: KR3.1}}   # a story with both is ambiguous, and listed
    - {{if: {{parent: linked}}, link: inherit, max_depth: 5}}
  aliases: {{"area/checkout": KR2.1}}     # a label that was there before the key results
  exempt:                    # work that need not serve a key result: counted and shown, never hidden
    - {{id: run, if: {{type: [Bug, Incident]}}, budget: 25%}}
    - {{id: upkeep, if: {{label: upkeep}}, budget: 15%}}   # repairs and updates on GitHub, which has no types here
    - {{id: learning, if: {{label: spike}}, budget: 10%}}
  done: {{}}
  size:
    product: {{field: customfield_10024}} # Story Points; GRO's own estimate field is found by its kind
"""


def settings_yaml(*, github_url: str, jira_url: str, epic: str, epic_title: str, cloud: bool) -> str:
    """
    Return the text of ``okrsync.yaml``.

    *epic* is the key that the ``parent_key`` rule names. Data Center gets no user: its token is a personal one.
    """
    user = "    user: sandbox@ferrywell.example\n" if cloud else ""
    return _TEXT.format(github_url=github_url, jira_url=jira_url, epic=epic, epic_title=epic_title, user=user)
