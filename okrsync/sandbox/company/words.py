"""
What people at Ferrywell write: titles, reasons and notes for work items.

Texts only, kept apart from the code that hands them out. A title is an *action* joined to a *place*, and every
action of a theme reads well with every place of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Theme:
    """A vocabulary for one kind of work."""

    actions: tuple[str, ...]
    places: tuple[str, ...]
    reasons: tuple[str, ...]


THEMES: Final[dict[str, Theme]] = {
    "activation": Theme(
        (
            "Start from an example event",
            "Save the draft without asking",
            "Show what is still missing",
            "Suggest a price range",
            "Explain the fee",
            "Preview the public page",
            "Offer a call with a person",
        ),
        (
            "when the first event is created",
            "in the organiser's welcome tour",
            "for clubs and small theatres",
            "on the event checklist",
            "after the second visit",
        ),
        (
            "Half of the new organisers leave at the price step and never come back.",
            "In interviews, organisers said that they did not know whether the event was already public.",
        ),
    ),
    "signup": Theme(
        (
            "Shorten the form",
            "Show two real venue pages",
            "Let people look around without an account",
            "Answer the three most asked questions",
            "Say what happens next",
            "Move the price table up",
        ),
        (
            "on the sign-up page for venues",
            "on the page for festivals",
            "for visitors who come from a ticket",
            "in the French shop window",
            "on the partner page",
        ),
        (
            "Sign-ups have stood still since spring while visits grew.",
            "Visitors read the price table and leave; the recordings show no second page.",
        ),
    ),
    "checkout": Theme(
        (
            "Show the full price",
            "Keep the seats",
            "Remember the postcode",
            "Drop the second confirmation",
            "Explain the service fee",
            "Say how long the basket is held",
            "Offer the next best seats",
        ),
        (
            "before the payment step",
            "when a buyer steps back",
            "for group orders",
            "on the basket page",
            "for returning buyers",
        ),
        (
            "The basket loses most buyers between seats and payment.",
            "Buyers call the fee a surprise in 4 of 10 comments.",
        ),
    ),
    "phone": Theme(
        (
            "Use the number keyboard",
            "Fill in the address",
            "Enlarge the touch targets",
            "Load the seat map late",
            "Keep the pay button in sight",
            "Drop the unused fonts",
        ),
        (
            "on small screens",
            "in the phone checkout",
            "on older Android phones",
            "in the browser of social apps",
            "when the connection is slow",
        ),
        (
            "Two thirds of orders come from a phone, and they take twice as long.",
            "The slowest tenth of phones waits nine seconds for the seat map.",
        ),
    ),
    "cards": Theme(
        (
            "Ask the bank again",
            "Explain the decline in plain words",
            "Offer another way to pay",
            "Send the amount in the card's currency",
            "Check the expiry date early",
            "Log the bank's answer",
        ),
        (
            "after a soft decline",
            "for cards from abroad",
            "for saved cards",
            "when the bank times out",
            "in the second payment attempt",
        ),
        (
            "One declined card in three works at the second attempt.",
            "Most declines carry the code 'try again later', and we do not.",
        ),
    ),
    "scan": Theme(
        (
            "Cache the ticket list",
            "Send smaller answers",
            "Open the connection early",
            "Batch the scan reports",
            "Skip the second lookup",
            "Measure each hop",
        ),
        (
            "for the door scanner",
            "between scanner and gate service",
            "for events over 5,000 guests",
            "in the gate service",
            "on the old scanner model",
        ),
        (
            "At the arena the queue grew because each scan waited for two lookups.",
            "The gate service answers fast; the way to it does not.",
        ),
    ),
    "door": Theme(
        (
            "Print the guest list",
            "Swap a broken ticket",
            "Count the guests inside",
            "Hand over a shift",
            "Warn before the hall is full",
            "Find a guest by half a name",
        ),
        (
            "in the door app",
            "without the box-office laptop",
            "for venues with two entrances",
            "for staff of one evening",
            "on a small screen",
        ),
        (
            "Door staff are often hired for one evening and see the app for the first time.",
            "Venues rate the evening at the door lowest of all.",
        ),
    ),
    "offline": Theme(
        (
            "Store the valid tickets",
            "Merge the scans",
            "Refuse a second entry",
            "Show the age of the list",
            "Encrypt the stored list",
            "Warn the supervisor",
        ),
        (
            "while the line is down",
            "after the line is back",
            "on the scanner itself",
            "between two scanners",
            "for open-air sites",
        ),
        (
            "Two festivals lost the line for half an hour and let everybody in.",
            "We do not know yet how to measure this; the first step is a drill at one venue.",
        ),
    ),
    "pipeline": Theme(
        (
            "Share the build file",
            "Add a canary step",
            "Allow rollback with one command",
            "Alert on a failed health check",
            "Drop the old deploy script",
            "Write the runbook",
            "Pin the base image",
        ),
        (
            "for the seat-map service",
            "for the mail sender",
            "for the payout service",
            "for the gate service",
            "for the search index",
            "for the image resizer",
        ),
        (
            "Each team ships its own way, and each has its own bad Friday.",
            "A shared way to ship lets every team roll back within a minute.",
        ),
    ),
    "help": Theme(
        (
            "Answer the refund question",
            "Explain the payout date",
            "Show the three best articles",
            "Let organisers change the date",
            "Let organisers resend tickets",
            "Ask whether the answer helped",
        ),
        (
            "on the event dashboard",
            "in the organiser app",
            "on the help page",
            "for new organisers",
            "on the order list",
        ),
        (
            "The same nine questions make up half of the mail to support.",
            "Organisers search the help pages on Sunday night, when nobody answers.",
        ),
    ),
    "refund": Theme(
        (
            "Pay back to the same card",
            "Tell the buyer the day",
            "Refund a part of the order",
            "Approve small refunds at once",
            "Keep the voucher choice open",
            "Check for double refunds",
        ),
        (
            "when an event is cancelled",
            "when an event moves to another day",
            "for orders with insurance",
            "from the buyer's account",
            "in bulk for organisers",
        ),
        (
            "Too slow and buyers dispute the charge; too fast and organisers cannot check.",
            "Support answers 'where is my money' forty times a day after a cancelled show.",
        ),
    ),
    "search": Theme(
        (
            "Understand misspelt artists",
            "Rank tonight's shows first",
            "Show free seats",
            "Remember the city",
            "Filter by distance",
            "Match the venue's nickname",
            "Suggest similar shows",
        ),
        (
            "in the search box",
            "on the result page",
            "for short queries",
            "in the phone app",
            "for festival weeks",
        ),
        (
            "A third of the searches end without a click.",
            "People type the artist the way they hear the name.",
        ),
    ),
    "returning": Theme(
        ("Offer the same seats", "Show shows of followed artists", "Remind of a saved basket"),
        ("to returning buyers", "in the order mail", "after the show"),
        ("Buyers who come twice in a season stay for years.",),
    ),
    "onsale": Theme(
        ("Shed load early", "Warm the cache", "Split the read replicas", "Cap the retries"),
        ("before a tour goes on sale", "in the order service", "for the seat lock", "at the edge"),
        ("The last tour sale answered 14 of 10,000 requests with an error.",),
    ),
    "queue": Theme(
        ("Show the place in line", "Keep the place after a reload", "Let members in first", "Drop idle visitors"),
        ("in the waiting room", "on the sale page", "for presales", "on the phone"),
        ("Waiting without a number feels twice as long.",),
    ),
    "misc": Theme(
        (
            "Tidy the colours",
            "Rewrite the texts",
            "Update the photos",
            "Rename the menu entries",
            "Move the settings",
            "Translate the labels",
            "Replace the icons",
            "Add an export",
            "Review the permissions",
            "Rework the tables",
            "Add a dark version",
            "Check the contrast",
            "Remove the old banner",
            "Shorten the legal notes",
        ),
        (
            "of the payout statement",
            "on the organiser's team page",
            "of the newsletter editor",
            "in the seat-map editor",
            "of the gift-card shop",
            "of the press area",
            "in the accounting view",
            "of the year-end report",
            "on the venue map",
            "of the order mails",
        ),
        (
            "Asked for in the monthly round.",
            "Left over from the move to the new design.",
            "A partner would like to see it before the season.",
        ),
    ),
    "bug": Theme(
        (
            "Wrong total",
            "Blank page",
            "Button without effect",
            "Time off by one hour",
            "Mail sent twice",
            "Umlauts broken",
            "Seat shown as free",
            "Endless spinner",
            "PDF without barcode",
            "Log-in lost",
        ),
        (
            "after a voucher is removed",
            "for events in another time zone",
            "when two tabs are open",
            "on the order overview",
            "in the organiser export",
            "for guests without an account",
            "after the session ends",
            "in the ticket mail",
            "for standing areas",
            "on tablets",
        ),
        (
            "Reported by support with three examples.",
            "Found while looking at something else; happens about once a day.",
            "Steps: open an order, change the number of tickets, go back.",
        ),
    ),
    "incident": Theme(
        ("Orders delayed", "Scanners offline", "Search slow", "Mails held back", "Payments refused"),
        ("for 40 minutes", "after the night's release", "during the Saturday peak", "in one region"),
        ("Timeline and follow-ups are in the incident record. Customers were told on the status page.",),
    ),
    "spike": Theme(
        ("What do we know about", "What would it take to build", "How do others solve", "What would break with"),
        (
            "offline scanning?",
            "dynamic fees?",
            "wallet tickets?",
            "seat-map rendering?",
            "resale?",
            "fraud signals?",
        ),
        ("Two days, then a page of notes. No code that stays.",),
    ),
    "bump": Theme(
        ("Update the linter", "Update the date library", "Update the test runner", "Update the base image"),
        ("to the current minor release", "for the security fix", "and drop the workaround"),
        ("Routine update; the changelog holds nothing that we use.",),
    ),
}

CRITERIA: Final = (
    "Done when support can show it to a caller.",
    "Done when it runs for a tenth of the visitors without a new error.",
    "Done when the texts are approved in both languages.",
    "Done when the dashboard shows the share of people who use it.",
    "Done when an organiser from the panel has tried it.",
    "Done when the old way is switched off.",
)

SUBTASKS: Final = (
    "Write the texts",
    "Agree the tracking events",
    "Change the data model",
    "Build the first screen",
    "Test with two venues",
    "Switch on for staff",
)

EPIC_NOTES: Final = (
    "The work of about two months. The measure is in the OKR file, not here.",
    "Collects the ideas of the workshop; not all of them will be done.",
)
