"""What the service tells of accounts and customers: lists, what is to come, what stands, and one's own writes."""

import asyncio
from uuid import uuid4

import pytest

from infra.http.problems import CODES
from infra.http.reads import waiting
from infra.http.reads.pages import BadCursor, Cursors
from projections.explaining.figures import FIGURES
from tests.http.living import Living
from tests.projections.stories import noon

BOUGHT = 123_457


@pytest.fixture(scope="module")
def living(new_database, bootstrap_servers, key_of):
    service = Living(new_database(), bootstrap_servers, key_of)
    yield service
    service.stop()


@pytest.fixture(scope="module")
def ask(living):
    """Somebody whose account was billed, has an open hold and an open dispute, was frozen and appealed."""
    someone = living.someone("life")

    async def live():
        at = someone.account = await someone.granted()

        async def does(on, method, path, body, by="service"):
            someone.at = noon(on).isoformat()
            response = await someone.ask(method, f"{at}{path}", body, by)
            assert response.status_code in {200, 201}, response.text
            return response

        buys = {"merchant_id": "m-1"}
        await does("2026-01-10", "POST", "/purchases", buys | {"amount_fen": BOUGHT, "purchase_id": "p-1"})
        await does("2026-01-11", "POST", "/purchases", buys | {"amount_fen": 20_000, "purchase_id": "p-2"})
        await does("2026-02-03", "POST", "/plans", {"amount_fen": 60_000, "months": 3, "plan_id": "plan-1"}, "customer")
        await does("2026-02-04", "POST", "/payments", {"amount_fen": 30_000, "channel": "transfer"})
        await does("2026-03-02", "POST", "/authorizations", buys | {"amount_fen": 5_000, "hold_id": "h-1"})
        dispute = {"dispute_id": "d-1", "purchase_id": "p-2", "amount_fen": 20_000, "reason": "not_delivered"}
        await does("2026-03-02", "POST", "/disputes", dispute, "customer")
        report = {"report_dispute_id": "rd-1", "months": ["2026-02"]}
        await does("2026-03-02", "POST", "/report-disputes", report, "customer")
        await does("2026-03-03", "POST", "/freezes", {"reason": "abnormal_transaction"}, "officer")
        appeal = {"appeal_id": "a-1", "against": "abnormal_transaction", "evidence_ref": "e-7"}
        last = await does("2026-03-04", "POST", "/appeals", appeal, "customer")
        someone.version = last.json()["version"]
        return someone

    living.run(live())
    living.show()
    return someone


@pytest.fixture(scope="module")
def get(living, ask):
    """The response to a GET, by default of the auditor."""

    def asked(path, by="auditor", **headers):
        whole = path if path.startswith(("/accounts", "/customers", "/books", "/events")) else f"{ask.account}{path}"
        return living.run(ask.ask("GET", whole, by=by, **headers))

    return asked


def told(response):
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    return response.json()


def refused(response, status, code, **members):
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert (body["title"], body["remedy"]) == CODES[code]
    assert {name: body.get(name) for name in members} == members
    return body


# Lists


def walked(get, path, by="auditor"):
    """Every page, from the first on."""
    pages = []
    while path:
        response = get(path, by)
        pages.append(told(response))
        link = response.headers.get("link")
        assert bool(link) == pages[-1]["has_more"] == (pages[-1]["next"] is not None)
        path = link and link.split(">")[0].removeprefix("<")
    return pages


@pytest.fixture(scope="module")
def others(living, ask):
    """Four more accounts, of two customers each with two."""

    async def opened():
        ids = []
        for number in range(4):
            body = {"customer_id": f"c-more-{number % 2}", "terms_version": "pay-later-2026.1"}
            ask.at = noon(f"2026-03-0{5 + number}").isoformat()
            ids.append((await ask.done("/accounts", body))["account_id"])
        return ids

    ids = living.run(opened())
    living.show()
    return ids


def test_pages_of_accounts_follow_each_other(living, get, ask, others):
    pages = walked(get, "/accounts?limit=2")
    assert [len(page["data"]) for page in pages] == [2, 2, 1]
    listed = [each for page in pages for each in page["data"]]
    assert [each["account_id"] for each in listed] == [ask.account.rpartition("/")[2], *others]
    assert listed[0] == told(get(""))
    assert {each["status"] for each in listed[1:]} == {"pending"}


def test_an_account_that_is_opened_meanwhile_comes_last(living, get, ask, others):
    first = get("/accounts?limit=4")

    async def opened():
        ask.at = noon("2026-03-20").isoformat()
        body = {"customer_id": "c-late", "terms_version": "pay-later-2026.1"}
        return (await ask.done("/accounts", body))["account_id"]

    new = living.run(opened())
    living.show()
    rest = told(get(f"/accounts?limit=4&cursor={told(first)['next']}"))
    assert [each["account_id"] for each in rest["data"]] == [others[-1], new]


@pytest.mark.parametrize(
    ("filters", "finds"),
    [
        ("status=frozen", True),
        ("status=overdue", False),
        ("access=frozen&freeze_reason=abnormal_transaction", True),
        ("freeze_reason=legal_order", False),
        ("customer_id=c-life&product=pay_later", True),
        ("standing=paid", False),
        ("opened_from=2026-01-05&opened_to=2026-01-05", True),
        ("opened_to=2026-01-04", False),
        ("days_past_due_min=1&as_of=2026-12-31", True),
        ("days_past_due_min=1&as_of=2026-03-05", False),
    ],
)
def test_accounts_by_what_they_are(get, ask, others, filters, finds):
    data = told(get(f"/accounts?{filters}"))["data"]
    assert [each["customer_id"] for each in data] == (["c-life"] if finds else [])


def test_days_past_due_are_counted_up_to_the_day_that_is_asked_for(get, ask):
    (one,) = told(get("/accounts?customer_id=c-life&as_of=2026-12-31"))["data"]
    assert one == told(get("?as_of=2026-12-31"))
    assert one["days_past_due"] > 100


def test_customers_with_what_their_accounts_come_to(get, ask, others):
    found = {each["customer_id"]: each for page in walked(get, "/customers?limit=1") for each in page["data"]}
    assert list(found) == sorted(found)
    assert {"c-life", "c-more-0", "c-more-1"} <= found.keys()
    assert found["c-more-0"]["accounts"] == 2
    life = found["c-life"]
    seen = told(get(""))
    assert life["together"] == [
        {"currency": "CNY", "limit_fen": seen["limit_fen"], "owed_fen": seen["owed_fen"], "credit_fen": 0}
    ]
    assert life["standing"] == seen["standing"]
    assert [each["customer_id"] for each in told(get("/customers?status=frozen"))["data"]] == ["c-life"]


@pytest.mark.parametrize("path", ["/accounts", "/customers"])
def test_a_customer_sees_only_what_is_theirs(get, ask, others, path):
    assert [each["customer_id"] for each in told(get(path, "customer"))["data"]] == ["c-life"]
    assert told(get(f"{path}?customer_id=c-life", "customer"))["data"] != []
    assert told(get(f"{path}?customer_id=c-more-0", "customer"))["data"] == []


@pytest.mark.parametrize("path", ["/accounts", "/customers", "/books/journal"])
def test_a_cursor_is_only_good_for_the_list_that_it_came_from(get, others, path):
    cursor = told(get(f"{path}?limit=1"))["next"]
    assert told(get(f"{path}?limit=3&cursor={cursor}"))["data"]
    forged = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    extra = "from_date=2026-01-01" if "journal" in path else "status=pending"
    for wrong in (f"{path}?cursor={forged}", f"{path}?cursor={cursor}x", f"{path}?cursor=%00", f"{path}?cursor=",
                  f"{path}?{extra}&cursor={cursor}"):  # fmt: skip
        refused(get(wrong), 422, "cursor_invalid", field="cursor")
    elsewhere = "/customers" if path == "/accounts" else "/accounts"
    refused(get(f"{elsewhere}?cursor={cursor}"), 422, "cursor_invalid")


def test_a_cursor_of_somebody_elses_is_none(get, others):
    cursor = told(get("/accounts?limit=1", "officer"))["next"]
    refused(get(f"/accounts?cursor={cursor}", "customer"), 422, "cursor_invalid")
    assert told(get(f"/accounts?cursor={cursor}", "auditor"))["data"]


def test_processes_that_share_a_password_read_each_others_cursors():
    one, other = (
        Cursors(f"postgresql://credit_reader:{word}@{host}/credit") for word, host in (("s", "a"), ("s", "b"))
    )
    place = ["2026-01-05", "x"]
    assert other.read(["q"], one.write(["q"], place)) == place
    stranger = Cursors("postgresql://credit_reader:t@a/credit")
    with pytest.raises(BadCursor):
        stranger.read(["q"], one.write(["q"], place))


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=1001", "limit"), ("status=dead", "status"), ("offset=5", "offset"),
     ("days_past_due_min=-1", "days_past_due_min"), ("opened_from=1767225600", "opened_from"),
     ("customer_id=a%20b", "customer_id")],
)  # fmt: skip
def test_a_filter_that_cannot_be_used_is_named(get, query, field):
    refused(get(f"/accounts?{query}"), 422, "parameter_invalid", field=field)


# A person


def test_a_person_at_a_glance(get, ask):
    seen = told(get("/customers/c-life"))
    assert [(each["kind"], each["given"]) for each in seen["consents"]] == [
        ("credit_check", True), ("credit_reporting", True), ("loan_agreement", True),
    ]  # fmt: skip
    (account,) = seen["accounts"]
    assert (account["account_id"], account["standing"]) == (ask.account.rpartition("/")[2], told(get(""))["standing"])
    assert (seen["reserved_fen"], account["reserved_fen"]) == (800_000, 800_000)
    assert (seen["adult"], seen["identity_verified_on"], seen["deceased"]) == (True, "2026-01-05", False)
    assert seen["applications"] == told(get("/customers/c-life/applications"))["data"]
    (application,) = seen["applications"]
    assert (application["granted_fen"], application["grounds"]) == (800_000, [])


def test_a_person_that_nobody_knows(get):
    refused(get("/customers/c-nobody"), 404, "customer_unknown", field="customer_id")


def test_somebody_else_is_not_shown(get, others):
    refused(get("/customers/c-more-0", "customer"), 404, "customer_unknown")
    assert told(get("/customers/c-life", "customer"))["customer_id"] == "c-life"


# Statements and notices


def test_statements_as_they_were_printed(get):
    listed = told(get("/statements"))["data"]
    assert [(each["statement_no"], each["issued_on"]) for each in listed] == [(1, "2026-02-01"), (2, "2026-03-01")]
    assert (listed[0]["balance_fen"], listed[0]["due_date"]) == (BOUGHT + 20_000, "2026-02-10")
    assert sum(listed[0]["lines"].values()) == listed[0]["balance_fen"]
    assert told(get("/statements/2")) == listed[1]
    assert told(get("/statements?as_of=2026-02-28"))["data"] == listed[:1]
    assert [each["data"] for each in walked(get, f"{get('').request.url.path}/statements?limit=1")] == [
        [each] for each in listed
    ]


def test_a_statement_that_was_never_issued(get):
    refused(get("/statements/3"), 404, "statement_unknown", field="statement_no", asked=3, limit=2)
    refused(get("/statements/0"), 422, "parameter_invalid", field="statement_no")


def test_notices_that_were_given(living, get):
    quiet = living.someone("quiet")

    async def live():
        at = await quiet.granted()
        quiet.at = noon("2026-12-20").isoformat()
        await quiet.done(
            f"{at}/inactivity-notices", {"step": "freeze", "channel": "sms", "template": "t-1"}, "operator"
        )
        return at

    at = living.run(live())
    living.show()
    (notice,) = told(get(f"{at}/notices"))["data"]
    assert {name: notice[name] for name in ("kind", "told_on", "channel", "notice_ref")} == {
        "kind": "freeze", "told_on": "2026-12-20", "channel": "sms", "notice_ref": "t-1",
    }  # fmt: skip
    assert notice["from_date"] == "2027-01-05"
    assert told(get(f"{at}/notices?as_of=2026-12-19"))["data"] == []


# What is to come


def test_the_schedule_adds_up_to_what_is_owed(get):
    seen = told(get("/schedule?on=2026-03-05"))
    assert (seen["on"], seen["disputed_fen"]) == ("2026-03-05", 20_000)
    due = sum(row["amount_fen"] for row in seen["rows"])
    assert due == seen["owed_fen"] + seen["to_come_fen"] - seen["credit_fen"] - seen["disputed_fen"]
    assert {each["plan_id"] for row in seen["rows"] for each in row["instalments"]} == {"plan-1"}
    assert seen["rows"][-1]["balance_after_fen"] == 20_000


def test_a_payoff_adds_up_and_grows_with_the_days(get):
    seen = told(get("/payoff?on=2026-03-20"))
    parts = ("owed_fen", "accrued_fen", "interest_fen", "fees_fen")
    assert seen["total_fen"] == sum(seen[part] for part in parts) - seen["given_up_fen"] - seen["credit_fen"]
    (plan,) = seen["plans"]
    assert (plan["plan_id"], plan["kind"]) == ("plan-1", "conversion")
    assert told(get("/payoff?on=2026-04-20"))["total_fen"] > seen["total_fen"]


def test_who_pays_the_payoff_on_its_day_owes_nothing(living):
    someone = living.someone("payer")

    async def live():
        at = await someone.granted()
        await someone.done(f"{at}/purchases", {"amount_fen": BOUGHT, "merchant_id": "m-1"})
        someone.at = noon("2026-03-17").isoformat()
        asked = told(await someone.ask("GET", f"{at}/payoff"))
        assert asked["total_fen"] > BOUGHT
        for less in (1, 0):
            paid = {"amount_fen": asked["total_fen"] - 1 if less else 1, "channel": "transfer"}
            await someone.done(f"{at}/payments", paid)
            left = told(await someone.ask("GET", f"{at}/payoff"))
            assert (left["on"], left["total_fen"]) == ("2026-03-17", less)

    living.run(live())


def test_a_payoff_is_for_today_unless_a_day_is_said(get):
    at = {"Sandbox-Time": "2026-03-21T01:00:00+08:00"}
    assert told(get("/payoff", **at)) == told(get("/payoff?on=2026-03-21"))
    # Never for a day before the last event: that would be of another account than it is.
    at = {"Sandbox-Time": "2026-01-21T01:00:00+08:00"}
    assert told(get("/payoff", **at))["on"] == "2026-03-04"


def test_a_day_that_is_over_is_reckoned_with_what_was_known_then(get):
    seen = told(get("/payoff?on=2026-01-12"))
    assert (seen["total_fen"], seen["plans"]) == (BOUGHT + 20_000, [])
    assert seen["version"] < told(get(""))["version"]


@pytest.mark.parametrize("kind", ["schedule", "payoff", "conversion"])
def test_a_day_that_cannot_be_reckoned_is_refused_with_the_limit(get, kind):
    refused(get(f"/{kind}?on=2026-01-04"), 422, "as_of_before_opening", field="on", limit="2026-01-05")
    refused(get(f"/{kind}?on=2036-03-05"), 422, "as_of_too_far_ahead", field="on", limit="2036-03-04")
    refused(get(f"/accounts/{uuid4()}/{kind}"), 404, "account_unknown")


def test_what_instalments_would_cost(get):
    seen = told(get("/conversion?on=2026-02-02"))
    assert seen["convertible_fen"] == BOUGHT + 20_000
    assert [each["months"] for each in seen["offers"]] == [3, 6, 12]
    half = told(get("/conversion?on=2026-02-02&amount_fen=70000"))
    assert half["offers"][0]["first_fen"] * 2 + half["offers"][0]["last_fen"] == 70_000 + half["offers"][0]["fee_fen"]
    body = refused(get("/conversion?on=2026-02-02&amount_fen=143458"), 422, "parameter_invalid", field="amount_fen")
    assert "143457" in body["detail"]
    assert told(get("/conversion?on=2026-01-20"))["offers"] == []


# What stands


def test_plans_with_what_is_to_come_of_them(get):
    (plan,) = told(get("/plans"))["data"]
    assert (plan["plan_id"], plan["amount_fen"], plan["months"]) == ("plan-1", 60_000, 3)
    assert [each["number"] for each in plan["instalments"]] == [2, 3]
    assert plan["principal_left_fen"] == sum(each["principal_fen"] for each in plan["instalments"]) == 40_000


def test_holds_that_are_open(get):
    seen = told(get("/authorizations"))
    assert seen["held_fen"] == 5_000
    assert seen["data"] == [
        {
            "hold_id": "h-1",
            "placed_on": "2026-03-02",
            "merchant_id": "m-1",
            "amount_fen": 5_000,
            "left_fen": 5_000,
            "expires_on": "2026-03-09",
        }
    ]


def test_why_it_is_frozen_and_who_lifts_that(get):
    assert told(get("/freezes"))["data"] == [
        {"reason": "abnormal_transaction", "since": "2026-03-03", "lifted_by": ["officer"]}
    ]


def test_appeals_and_disputes(get):
    (appeal,) = told(get("/appeals"))["data"]
    assert (appeal["appeal_id"], appeal["evidence_ref"], appeal["outcome"]) == ("a-1", "e-7", None)
    (dispute,) = told(get("/disputes"))["data"]
    assert (dispute["dispute_id"], dispute["open_fen"], dispute["outcome"]) == ("d-1", 20_000, None)
    (denied,) = told(get("/report-disputes"))["data"]
    assert (denied["months"], denied["outcome"], denied["changes"]) == (["2026-02"], None, [])


PARTS = ["plans", "authorizations", "freezes", "appeals", "disputes", "report-disputes"]


@pytest.mark.parametrize("kind", PARTS)
def test_what_stands_is_told_by_version_and_of_known_accounts(get, ask, kind):
    response = get(f"/{kind}")
    assert (told(response)["version"], response.headers["etag"]) == (ask.version, f'"{ask.version}"')
    refused(get(f"/accounts/{uuid4()}/{kind}"), 404, "account_unknown")


# Explanations


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_is_explained_and_agrees(get, figure):
    seen = told(get(f"/explanations/{figure}?as_of=2026-03-04"))
    assert seen["figure"] == figure
    assert seen["steps"]
    assert seen["agrees"] is True


def test_a_month_of_the_report_is_explained(get):
    seen = told(get("/credit-report/2026-02/explanation"))
    assert (seen["month"], seen["agrees"]) == ("2026-02", True)
    assert seen["recorded"]["code"] == seen["code"]
    refused(get("/credit-report/2026-05/explanation"), 422, "parameter_invalid", field="month")
    refused(get("/credit-report/1989-12/explanation"), 422, "parameter_invalid", field="month")
    refused(get("/explanations/luck"), 422, "parameter_invalid", field="figure")


# Versions


VIEWED = ["", "/balance", "/credit-report", "/history", "/statements", "/notices", "/statements/1"]


@pytest.mark.parametrize("kind", [*VIEWED, *(f"/{part}" for part in PARTS)])
def test_who_has_seen_a_version_is_not_told_it_again(get, kind):
    etag = get(kind).headers["etag"]
    for said in (etag, f'"1", W/{etag}', "*"):
        response = get(kind, **{"If-None-Match": said})
        assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", etag)
    for said in ('"999"', "17", ""):
        assert told(get(kind, **{"If-None-Match": said}))


# One's own writes


def waits(version):
    return {"Wait-For-Version": str(version)}


@pytest.fixture
def writes(living):
    """A new account that the views do not show yet, or not to the end: its path and its version."""
    number = uuid4().hex[:8]
    someone = living.someone(f"w-{number}")
    return someone, living.run(someone.granted())


@pytest.mark.parametrize("kind", ["", "/balance", "/credit-report", "/history", "/explanations/owed", "/notices"])
def test_a_read_waits_until_the_view_has_the_version(living, writes, kind):
    someone, at = writes

    async def both():
        read = asyncio.create_task(someone.ask("GET", f"{at}{kind}", by="auditor", **waits(2)))
        await asyncio.sleep(0.2)
        assert not read.done()
        await asyncio.to_thread(living.show)
        return await read

    assert told(living.run(both()))


def test_a_view_that_does_not_come_is_said_to_be_behind(living, writes, monkeypatch):
    monkeypatch.setattr(waiting, "_PATIENCE", 0.3)
    someone, at = writes
    response = living.run(someone.ask("GET", f"{at}/balance", by="auditor", **waits(2)))
    refused(response, 503, "view_behind", view="balance", expected=2, got=0)
    assert response.headers["retry-after"] == "2"
    living.show("balance")
    assert told(living.run(someone.ask("GET", f"{at}/balance", by="auditor", **waits(2))))["version"] == 2
    # The past is told by another view.
    past = living.run(someone.ask("GET", f"{at}/balance?as_of=2026-01-05", by="auditor", **waits(2)))
    refused(past, 503, "view_behind", view="audit", expected=2, got=0)


def test_many_wait_with_one_look(living, writes, monkeypatch):
    looks = []
    look = waiting.Versions._look

    async def counted(self, view, account_ids):
        looks.append(account_ids)
        return await look(self, view, account_ids)

    monkeypatch.setattr(waiting.Versions, "_look", counted)
    monkeypatch.setattr(waiting, "_PAUSE", 0.1)
    someone, at = writes

    async def everybody():
        reads = [asyncio.create_task(someone.ask("GET", at, by="auditor", **waits(2))) for _ in range(40)]
        await asyncio.sleep(1.0)
        await asyncio.to_thread(living.show, "balance")
        return await asyncio.gather(*reads)

    assert {response.status_code for response in living.run(everybody())} == {200}
    # Each asked once for itself; from then on somebody asked for all of them.
    assert len(looks) < 40 + 40


def test_only_so_many_wait(living, writes, monkeypatch):
    monkeypatch.setattr(waiting, "_WAITING_MAX", 1)
    monkeypatch.setattr(waiting, "_PATIENCE", 1.0)
    someone, at = writes

    async def everybody():
        return await asyncio.gather(*(someone.ask("GET", at, by="auditor", **waits(2)) for _ in range(3)))

    codes = sorted(response.json()["code"] for response in living.run(everybody()))
    assert codes == ["busy", "busy", "view_behind"]


def test_what_will_never_come_is_not_waited_for(living, writes):
    someone, at = writes
    refused(living.run(someone.ask("GET", f"/accounts/{uuid4()}", by="auditor", **waits(1))), 404, "account_unknown")
    body = refused(living.run(someone.ask("GET", at, by="auditor", **waits(3))), 422, "parameter_invalid")
    assert body["field"] == "Wait-For-Version"
    assert body["detail"].endswith("is at version 2.")


@pytest.mark.parametrize("said", ["0", "-1", "two", "1.5", str(2**60)])
def test_a_version_that_is_none(get, said):
    body = refused(get("", **{"Wait-For-Version": said}), 422, "parameter_invalid")
    assert body["field"].lower() == "wait-for-version"


# The books


def test_the_books_balance_and_say_how_far_they_are(living, get, ask):
    living.show()
    seen = told(get("/books", "officer"))
    assert (seen["good"], seen["events_behind"], seen["unequal"]) == (True, 0, [])
    (trial,) = seen["trial_balances"]
    assert trial["debit_fen"] == trial["credit_fen"] > 0
    own = told(get(f"/books?account_id={ask.account.rpartition('/')[2]}&as_of=2026-01-31"))
    (line,) = [each for each in own["trial_balances"][0]["lines"] if each["account"] == "principal_unbilled"]
    assert line["debit_fen"] == BOUGHT + 20_000
    refused(get(f"/books?account_id={uuid4()}"), 404, "account_unknown")


def test_the_books_before_anything_was_posted(get):
    assert told(get("/books?as_of=2020-01-01"))["trial_balances"] == []


def test_the_journal_sums_up_to_the_trial_balance(living, get, ask):
    living.show()
    entries = [each for page in walked(get, "/books/journal?limit=2") for each in page["data"]]
    assert [each["business_date"] for each in entries] == sorted(each["business_date"] for each in entries)
    sums = {}
    for entry in entries:
        assert sum(line["debit_fen"] - line["credit_fen"] for line in entry["lines"]) == 0
        for line in entry["lines"]:
            sums[line["account"]] = sums.get(line["account"], 0) + line["debit_fen"] - line["credit_fen"]
    (trial,) = told(get("/books"))["trial_balances"]
    posted = {each["account"]: each["debit_fen"] - each["credit_fen"] for each in trial["lines"]}
    assert {account: fen for account, fen in sums.items() if fen} == {a: fen for a, fen in posted.items() if fen}
    january = told(get(f"/books/journal?to_date=2026-01-10&account_id={ask.account.rpartition('/')[2]}"))["data"]
    assert [each["business_date"] for each in january] == ["2026-01-10"]
