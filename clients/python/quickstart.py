#!/usr/bin/env python3
"""Ten minutes with the service from Python: facts in, a decision out, a deduction posted, the balance read.

    python clients/python/quickstart.py                                  # starts a service of its own
    python clients/python/quickstart.py --address 127.0.0.1:50051        # asks one that runs

Needs what ``clients/python/requirements.txt`` pins. The stubs are generated from ``proto/`` into a temporary directory,
so nothing generated is kept. The service's own binary is the one that ``MAMAGANG_BIN`` names, or else it is built. Every
answer is compared with what the law gives, and the script fails when one differs. It may be run again on the same
service: its request ids are the same each time, so the service gives its first answers again.
"""

import argparse
import contextlib
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import grpc
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"

CALL_SECONDS_MAX = 20
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
BUILD_SECONDS_MAX = 1_800

# Made up; both pass their checks.
EMPLOYER = "91442000MAQQ900016"
ID_NUMBER, NAME = "442000199003079821", "陈小满"
HIRED = "2023-03-10"

ENGLISH = [("accept-language", "en")]
CHINESE = [("accept-language", "zh-CN")]


class Unexpected(Exception):
    """An answer that is not what the law or the contract of the API gives."""


def expect(what, found, wanted):
    """Fails unless an answer is the one that is wanted."""
    if found != wanted:
        raise Unexpected(f"{what}: {found!r}, expected {wanted!r}")


def yuan(fen):
    """Fen as yuan, without a float on the way."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02}"


def request_id(step):
    """A UUID that is the same on every run, so that a second run is a retry and not a second request."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"mamagang:quickstart:{step}"))


class Api:
    """The generated modules, imported once they are generated."""

    def __init__(self, directory):
        self._generate(directory)
        sys.path.insert(0, str(directory))
        load = importlib.import_module
        for name in ("common", "fact", "decision", "reason", "ledger"):
            setattr(self, name, load(f"mamagang.v1.{name}_pb2"))
        for name in ("registry", "verification", "eligibility", "ledger"):
            setattr(self, f"{name}_service", load(f"mamagang.v1.{name}_service_pb2"))
            setattr(self, f"{name}_grpc", load(f"mamagang.v1.{name}_service_pb2_grpc"))
        self.status = load("google.rpc.status_pb2")
        self.details = load("google.rpc.error_details_pb2")

    @staticmethod
    def _generate(directory):
        vendored = PROTO / "third_party"
        files = [
            *sorted((PROTO / "mamagang" / "v1").glob("*.proto")),
            *(vendored / "google" / "rpc" / f"{name}.proto" for name in ("status", "error_details")),
        ]
        # The types of Google that protobuf itself brings, such as Timestamp.
        well_known = Path(protoc.__file__).parent / "_proto"
        arguments = [f"-I{root}" for root in (vendored, PROTO, well_known)]
        arguments += [f"--python_out={directory}", f"--grpc_python_out={directory}"]
        if protoc.main(["protoc", *arguments, *map(str, files)]) != 0:
            raise Unexpected("the stubs could not be generated")

    def reason_name(self, reason):
        """A reason's name without the enum's."""
        return self.reason.ReasonCode.Name(reason.code).removeprefix("REASON_CODE_")


def binary():
    """The service's binary: the one that is named, or a fresh build."""
    named = os.environ.get("MAMAGANG_BIN")
    if named:
        return Path(named)
    build = ["cargo", "build", "--release", "--package", "mamagang-server"]
    subprocess.run(build, cwd=ROOT, check=True, timeout=BUILD_SECONDS_MAX)
    query = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    told = subprocess.run(query, cwd=ROOT, check=True, capture_output=True, timeout=CALL_SECONDS_MAX)
    return Path(json.loads(told.stdout)["target_directory"]) / "release" / "mamagang"


def free_addresses(count):
    """Addresses that nobody listens on; held together, so that they differ."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]


@contextlib.contextmanager
def service(directory):
    """A service on a new database; at the end it is told to stop, and has to end in order."""
    grpc_address, http_address = free_addresses(2)
    log = directory / "service.log"
    command = [
        str(binary()),
        "serve",
        f"--database-url=sqlite://{directory / 'quickstart.db'}",
        f"--grpc-listen={grpc_address}",
        f"--http-listen={http_address}",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    try:
        yield process, grpc_address
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=STOP_SECONDS_MAX)
        expect("exit code after SIGTERM", code, 0)
        print("service   stopped by SIGTERM, exit code 0")
    except BaseException:
        process.kill()
        process.wait(timeout=STOP_SECONDS_MAX)
        sys.stderr.write(log.read_text(encoding="utf-8", errors="replace"))
        raise


def await_serving(channel, process):
    """Asks grpc.health.v1 until the service is SERVING, or until it has ended or time is up."""
    # Its two messages have one field each, so they are written by hand: an empty service name, and status 1.
    check = channel.unary_unary("/grpc.health.v1.Health/Check", lambda _: b"", bytes)
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        with contextlib.suppress(grpc.RpcError):
            if check(None, timeout=1) == b"\x08\x01":
                return
        if process is not None and process.poll() is not None:
            raise Unexpected(f"the service ended with code {process.returncode}")
        if time.monotonic() > deadline:
            raise Unexpected(f"not serving after {START_SECONDS_MAX} s")
        time.sleep(0.05)


class Office:
    """The calls of the two bureaus and of the employer, one method each."""

    def __init__(self, api, channel):
        self.api = api
        self.registry = api.registry_grpc.RegistryServiceStub(channel)
        self.verification = api.verification_grpc.VerificationServiceStub(channel)
        self.eligibility = api.eligibility_grpc.EligibilityServiceStub(channel)
        self.ledger = api.ledger_grpc.LedgerServiceStub(channel)

    def worker(self):
        """The worker, by identity document."""
        common = self.api.common
        document = common.IdentityDocument(
            type=common.DOCUMENT_TYPE_RESIDENT_ID_CARD, number=ID_NUMBER, name=NAME
        )
        return common.WorkerRef(identity=document)

    def context(self):
        """Why her data are read; it goes to the audit trail."""
        return self.api.common.AccessContext(
            purpose="重点群体税收优惠核验",
            legal_basis="公告2024年第4号",
            case_number="QUICKSTART-1",
            operator="quickstart",
        )

    def facts(self):
        """What the HR bureau knows: an employer, a worker unemployed for half a year, her hire, three months insured."""
        common, fact = self.api.common, self.api.fact
        insurances = [
            common.INSURANCE_PENSION,
            common.INSURANCE_MEDICAL,
            common.INSURANCE_UNEMPLOYMENT,
            common.INSURANCE_WORK_INJURY,
        ]
        kinds = {
            "employer_profile": fact.EmployerProfile(
                employer_code=EMPLOYER,
                name="中山样例快速开始有限公司",
                kind=common.EMPLOYER_KIND_COMPANY,
                town_code="442000106",
                industry_code="C1819",
                vat_payer=common.VAT_PAYER_GENERAL,
                filing_cycle=common.FILING_CYCLE_MONTHLY,
                umct_rate_bp=700,
                size_class=common.SIZE_CLASS_OTHER,
                from_date="2020-01-01",
            ),
            "worker_profile": fact.WorkerProfile(identity=self.worker().identity, town_code="442000105"),
            "unemployment_spell": fact.UnemploymentSpell(
                worker=self.worker(),
                registered_date="2022-09-10",
                ended_date=HIRED,
                end_code="11",
                reason_code="20",
                office_code="442000005",
            ),
            "employment_certificate": fact.EmploymentCertificate(
                worker=self.worker(),
                certificate_number="4420000022900001",
                enterprise_absorption_note=True,
                note_date="2023-03-09",
                office_code="442000005",
            ),
            "contract": fact.Contract(
                contract_id="QS-2023-1",
                employer_code=EMPLOYER,
                worker=self.worker(),
                kind=common.CONTRACT_KIND_LABOUR_CONTRACT,
                signed_date=HIRED,
                start_date=HIRED,
                end_date="2024-03-09",
            ),
        }
        rows = [fact.Fact(row_key=kind, **{kind: value}) for kind, value in kinds.items()]
        for month in ("2023-03", "2023-04", "2023-05"):
            paid = fact.Contribution(
                worker=self.worker(),
                employer_code=EMPLOYER,
                month=month,
                insurances=insurances,
                paid_date=f"{month}-20",
            )
            rows.append(fact.Fact(row_key=f"contribution {month}", contribution=paid))
        for row in rows:
            row.source, row.source_date = "quickstart", "2023-06-01"
        return rows

    def record(self):
        """RecordFacts."""
        facts = self.facts()
        request = self.api.registry_service.RecordFactsRequest(request_id=request_id("facts"), facts=facts)
        answer = self.registry.RecordFacts(request, timeout=CALL_SECONDS_MAX, metadata=ENGLISH)
        expect("results", [result.row_key for result in answer.results], [row.row_key for row in facts])
        for result in answer.results:
            expect(f"{result.row_key}: error", result.error.message, "")
        print(f"recorded  {len(facts)} facts")

    def verify(self):
        """VerifyWorkerStatus on the day of the hire."""
        request = self.api.verification_service.VerifyWorkerStatusRequest(
            context=self.context(), worker=self.worker(), as_of_date=HIRED
        )
        answer = self.verification.VerifyWorkerStatus(request, timeout=CALL_SECONDS_MAX, metadata=ENGLISH)
        expect("status", answer.outcome, self.api.decision.OUTCOME_ELIGIBLE)
        expect("category", answer.category, self.api.common.PERSON_CATEGORY_REGISTERED_UNEMPLOYED)
        expect("status since", answer.status_from_date, "2022-09-10")
        category = self.api.common.PersonCategory.Name(answer.category).removeprefix("PERSON_CATEGORY_")
        print(f"verified  {category} since {answer.status_from_date}, reference {answer.reference_number}")

    def check(self):
        """CheckKeyGroupDeduction: February is before the hire, March to May count, June is not insured."""
        request = self.api.eligibility_service.CheckKeyGroupDeductionRequest(
            context=self.context(),
            employer_code=EMPLOYER,
            worker=self.worker(),
            from_month="2023-02",
            through_month="2023-06",
        )
        answer = self.eligibility.CheckKeyGroupDeduction(request, timeout=CALL_SECONDS_MAX, metadata=ENGLISH)
        decision = answer.decision
        names = self.api.reason.ReasonCode
        months = [
            (m.month, names.Name(m.reason).removeprefix("REASON_CODE_"), m.amount_fen) for m in decision.months
        ]
        print(f"checked   {yuan(decision.total_fen)} yuan from {decision.start_month}")
        for month, reason, amount in months:
            print(f"            {month}  {yuan(amount):>7}  {reason}")
        for reason in decision.reasons:
            cited = "; ".join(f"{law.instrument} {law.article}".strip() for law in reason.citations)
            print(f"            {self.api.reason_name(reason)}: {reason.message} [{cited}]")
        wanted = [
            ("2023-02", "NOT_IN_FORCE", 0),
            ("2023-03", "ALL_CONDITIONS_MET", 65_000),
            ("2023-04", "ALL_CONDITIONS_MET", 65_000),
            ("2023-05", "ALL_CONDITIONS_MET", 65_000),
            ("2023-06", "INSURANCE_NOT_PAID", 0),
        ]
        expect("months", months, wanted)
        expect("outcome", decision.outcome, self.api.decision.OUTCOME_ELIGIBLE)
        expect("start month", decision.start_month, "2023-03")
        expect("total", decision.total_fen, 195_000)
        if not any(reason.citations for reason in decision.reasons):
            raise Unexpected("the decision cites no law")

    def post(self):
        """PostDeduction of March: 650.00 is released, 500.00 of VAT with its surcharges takes 560.00."""
        request = self.api.ledger_service.PostDeductionRequest(
            request_id=request_id("2023-03"),
            employer_code=EMPLOYER,
            period="2023-03",
            vat_payable_fen=50_000,
            release=self.api.ledger.RELEASE_CUMULATIVE,
        )
        answer = self.ledger.PostDeduction(request, timeout=CALL_SECONDS_MAX, metadata=ENGLISH)
        tax_name = self.api.common.TaxKind.Name
        lines = [
            (tax_name(line.tax).removeprefix("TAX_KIND_"), line.due_fen, line.deducted_fen, line.paid_fen)
            for line in answer.lines
        ]
        print(f"posted    2023-03 as entry {answer.entry_id}")
        for tax, due, deducted, paid in lines:
            print(f"            {tax:<4}  due {yuan(due):>7}  deducted {yuan(deducted):>7}  to pay {yuan(paid)}")
        for caveat in answer.caveats:
            print(f"            {self.api.reason_name(caveat)}: {caveat.message}")
        wanted = [("VAT", 50_000), ("UMCT", 3_500), ("EDU", 1_500), ("LEDU", 1_000)]
        expect("lines", lines, [(tax, fen, fen, 0) for tax, fen in wanted])
        expect("accrued", answer.balance.accrued_fen, 65_000)
        expect("remaining", answer.balance.remaining_fen, 9_000)
        again = self.ledger.PostDeduction(request, timeout=CALL_SECONDS_MAX, metadata=ENGLISH)
        expect("entry of the same request", again.entry_id, answer.entry_id)
        print("            sent again: the same entry")

    def balance(self):
        """GetEmployerBalance: one month is booked, two more are supported and not booked yet."""
        request = self.api.ledger_service.GetEmployerBalanceRequest(employer_code=EMPLOYER, tax_year=2023)
        answer = self.ledger.GetEmployerBalance(request, timeout=CALL_SECONDS_MAX, metadata=ENGLISH)
        balance = answer.balance
        deducted = sum(tax.amount_fen for tax in balance.deducted)
        print(
            f"balance   accrued {yuan(balance.accrued_fen)}, deducted {yuan(deducted)}, "
            f"remaining {yuan(balance.remaining_fen)}, supported and not booked {yuan(balance.unbooked_accrual_fen)}"
        )
        figures = (balance.accrued_fen, deducted, balance.remaining_fen, balance.unbooked_accrual_fen)
        expect("balance", figures, (65_000, 56_000, 9_000, 130_000))
        expect("months counted", balance.months_counted, 1)

    def refuse(self):
        """A wrong request is refused with every wrong field at once, in the caller's language."""
        request = self.api.ledger_service.PostDeductionRequest(
            employer_code=EMPLOYER[:-1] + "0", period="2023-13", vat_payable_fen=-1
        )
        try:
            self.ledger.PostDeduction(request, timeout=CALL_SECONDS_MAX, metadata=CHINESE)
        except grpc.RpcError as error:
            refused = error
        else:
            raise Unexpected("a wrong request was accepted")
        info, fields, message = self.decode(refused)
        print(f"refused   {refused.code().name} {info.reason}: {message.message}")
        for violation in fields.field_violations:
            print(f"            {violation.field}: {violation.description}")
        expect("code", refused.code(), grpc.StatusCode.INVALID_ARGUMENT)
        expect("reason", (info.domain, info.reason), ("mamagang.v1", "INVALID_ARGUMENT_FIELDS"))
        named = sorted(violation.field for violation in fields.field_violations)
        expect("fields", named, ["employer_code", "period", "request_id", "vat_payable_fen"])
        expect("language", message.locale, "zh-CN")

    def decode(self, error):
        """The details of a google.rpc.Status, which gRPC carries in a trailer."""
        trailers = dict(error.trailing_metadata())
        status = self.api.status.Status.FromString(trailers["grpc-status-details-bin"])
        found = []
        for kind in (self.api.details.ErrorInfo, self.api.details.BadRequest, self.api.details.LocalizedMessage):
            detail = kind()
            for packed in status.details:
                packed.Unpack(detail)
            found.append(detail)
        return found


def play(api, address, process=None):
    """The whole path, on a service that listens at an address."""
    with grpc.insecure_channel(address) as channel:
        await_serving(channel, process)
        print(f"service   SERVING at {address}")
        office = Office(api, channel)
        office.record()
        office.verify()
        office.check()
        office.post()
        office.balance()
        office.refuse()


def main():
    """Runs the quickstart; the exit code is 0 when every answer was as expected."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", metavar="HOST:PORT", help="ask a running service instead of starting one")
    address = parser.parse_args().address
    try:
        with tempfile.TemporaryDirectory() as stubs, tempfile.TemporaryDirectory() as data:
            api = Api(Path(stubs))
            if address:
                play(api, address)
            else:
                with service(Path(data)) as (process, own_address):
                    play(api, own_address, process)
    except Unexpected as difference:
        print(f"unexpected: {difference}", file=sys.stderr)
        return 1
    print("all as expected")
    return 0


if __name__ == "__main__":
    sys.exit(main())
