"""Accounting tables: every kind of dirt that real ones hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest

from exatwin.foundation.errors import SpecError, TraceError
from exatwin.workload.job import State
from exatwin.workload.traces import Trace

from .conftest import SACCT, row, table

Read = Callable[..., Trace]


def test_a_clean_row(read: Read) -> None:
    trace = read(table(row(7)))
    jobs = trace.jobs
    assert trace.origin == datetime(2026, 1, 1, tzinfo=UTC)
    assert (jobs.job_id[0], jobs.submit_s[0], jobs.nodes[0]) == (7, 0, 4)
    assert (jobs.limit_s[0], jobs.runtime_s[0], jobs.recorded_start_s[0]) == (7200, 3600, 60)
    assert jobs.outcome[0] == State.COMPLETED
    assert (trace.partitions, trace.accounts, trace.users) == (("booster",), ("a001",), ("u0001",))
    assert trace.report.rows_repaired == trace.report.rows_skipped == 0


def test_real_names_only_on_demand(read: Read) -> None:
    text = table(row(1, User="bob"), row(2), row(3, User="bob", Account=""))
    trace = read(text, pseudonymise=False)
    assert (trace.users, trace.accounts) == (("bob", "ada"), ("physics",))
    assert trace.jobs.user.tolist() == [0, 1, 0]
    assert trace.jobs.account.tolist() == [0, 0, -1]
    assert "bob" not in str(read(text).users)


def test_steps_are_skipped_not_errors(read: Read) -> None:
    report = read(table(row(1), row("1.batch"), row("1.extern"), row("1.0"))).report
    assert (report.rows_read, report.rows_used) == (4, 1)
    assert report.skipped == {"a step of a job": 3}


def test_text_over_several_lines_is_joined(read: Read) -> None:
    trace = read(table(row(1), row(2, JobName="one\ntwo\n\nthree"), row(3)))
    assert trace.jobs.job_id.tolist() == [1, 2, 3]
    assert trace.report.rows_read == 3
    assert trace.report.repaired == {"a field over several lines joined": 1}


@pytest.mark.parametrize("name", ["a|b", "|", "a||b|", "a|b\nc|d", "|||||||"])
def test_delimiters_in_free_text_are_told_apart(read: Read, name: str) -> None:
    trace = read(table(row(1), row(2, JobName=name, NNodes=9), row(3)))
    assert trace.jobs.job_id.tolist() == [1, 2, 3]
    assert trace.jobs.nodes.tolist() == [4, 9, 4]
    assert trace.jobs.user.tolist() == [0, 0, 0]
    assert trace.report.rows_repaired == 1


def test_surplus_fields_that_fit_nowhere_are_skipped(read: Read) -> None:
    trace = read(table(row(1), row(2).replace("|3600|", "|3600|x|y|"), row(3)))
    assert trace.jobs.job_id.tolist() == [1, 3]
    assert trace.report.skipped == {"fields that can't be told apart": 1}


def test_a_row_cut_short_does_not_take_the_next_with_it(read: Read) -> None:
    whole = row(2)
    for cut in range(1, len(whole) - 12):
        trace = read(table(row(1), whole[:cut], row(3)))
        assert trace.jobs.job_id.tolist()[0] == 1
        assert trace.jobs.job_id.tolist()[-1] == 3
        assert trace.report.rows_read == 3


def test_trailing_delimiter_of_parsable(read: Read) -> None:
    trailing = table(row(1) + "|", row(2) + "|", header=SACCT + "|")
    assert read(trailing).jobs.equals(read(table(row(1), row(2))).jobs)


def test_a_repeated_header_and_text_before_it(read: Read) -> None:
    trace = read("Warning: slow\n\n" + table(row(1), SACCT, row(2)))
    assert trace.jobs.job_id.tolist() == [1, 2]
    assert trace.report.skipped == {"a header line repeated": 1}
    assert "2 lines before the header line ignored" in trace.report.notes


def test_windows_line_ends_and_byte_order_mark(read: Read) -> None:
    text = table(row(1), row(2))
    assert read(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()).jobs.equals(read(text).jobs)


def test_missing_unknown_and_unlimited(read: Read) -> None:
    trace = read(
        table(
            row(1, TimelimitRaw=""),
            row(2, TimelimitRaw="UNLIMITED", ElapsedRaw=61),
            row(3, TimelimitRaw=2**31),
            row(4, TimelimitRaw="Partition_Limit"),
            row(5, TimelimitRaw=4294967295),
        )
    )
    assert trace.jobs.limit_s.tolist() == [3600, 120, 3600, 3600, 3600]
    assert sum(trace.report.repaired.values()) == 5
    assert read(table(row(1, TimelimitRaw="")), default_limit_s=86400).jobs.limit_s[0] == 86400


def test_jobs_that_never_ran_are_skipped(read: Read) -> None:
    trace = read(
        table(
            row(1, State="PENDING", Start="Unknown", End="Unknown", ElapsedRaw=0),
            row(2, State="CANCELLED by 1001", Start="Unknown", ElapsedRaw=0),
            row(3, State="CANCELLED by 1001", ElapsedRaw=0),
            row(4, State="CANCELLED by 1001"),
        )
    )
    assert trace.jobs.job_id.tolist() == [4]
    assert trace.jobs.outcome[0] == State.CANCELLED
    assert trace.report.skipped == {"still pending": 1, "cancelled before it started": 2}


def test_zero_length_negative_and_absurd_runs(read: Read) -> None:
    times = {"Start": "Unknown", "End": "Unknown"}
    trace = read(
        table(
            row(1, ElapsedRaw=0),
            row(2, ElapsedRaw=-50),
            row(3, ElapsedRaw=-50, **times),
            row(4, ElapsedRaw="1e300"),
            row(5, ElapsedRaw="", **times),
            row(6, ElapsedRaw="", Start=10**9, End=10**9 - 5),
        )
    )
    assert trace.jobs.job_id.tolist() == [1, 2]
    assert trace.jobs.runtime_s.tolist() == [0, 3600]
    assert trace.report.skipped == {
        "a negative run time": 1,
        "an absurd run time": 1,
        "no run time": 2,
    }


def test_nodes_from_whatever_tells_them(read: Read) -> None:
    header = "JobID|Submit|Elapsed|NNodes|AllocNodes|ReqNodes|ReqTRES|NCPUS"
    rows = [
        "|5|1|cpu=4|9",
        "||3|cpu=4|9",
        "|||cpu=4,node=8|9",
        "||||96",
        "|||x|",
        "0||||",
        "1e300||||",
        "4K||||",
    ]
    trace = read(table(*(f"{k}|2026-01-01|00:10:00|{r}" for k, r in enumerate(rows)), header=header))
    assert dict(zip(trace.jobs.job_id.tolist(), trace.jobs.nodes.tolist(), strict=True)) == {
        0: 5,
        1: 3,
        2: 8,
        3: 96,
        7: 4096,
    }
    assert trace.report.skipped == {"no number of nodes": 2, "an absurd number of nodes": 1}


def test_processors_become_nodes(read: Read) -> None:
    text = table("1|2026-01-01|60|97", header="JobID|Submit|ElapsedRaw|NCPUS")
    assert read(text).jobs.nodes[0] == 97
    assert read(text, processors_per_node=48).jobs.nodes[0] == 3


def test_submission_from_eligible_or_start_and_never_after_it(read: Read) -> None:
    start, day = 1_767_225_660, 1_767_225_600
    trace = read(
        table(
            row(1, Submit="Unknown", Eligible=day + 5),
            row(2, Submit=0, Eligible="Unknown"),
            row(3, Submit=start + 100),
            row(4, Submit="", Eligible="", Start="", End=""),
            row(5, Submit="1e300"),
        )
    )
    assert dict(zip(trace.jobs.job_id.tolist(), trace.jobs.submit_s.tolist(), strict=True)) == {
        1: 5,
        2: 60,
        3: 60,
    }
    assert trace.report.skipped == {"no submission or start time": 1, "an absurd time": 1}
    assert trace.report.repaired["start before submission: taken as submitted when it started"] == 1


def test_requeues_get_their_own_number_and_duplicates_go(read: Read) -> None:
    again = row(5, Submit=1_767_300_000, Start=1_767_300_060, End=1_767_303_660)
    trace = read(table(row(5, State="NODE_FAIL"), again, again, row(6)))
    assert trace.jobs.job_id.tolist() == [5, 6, 7]
    assert trace.report.skipped == {"a duplicate of another row": 1}
    assert trace.report.rows_repaired == 1


def test_tasks_of_an_array_under_one_number_are_all_kept(read: Read) -> None:
    other = row(5, Start=1_767_225_700, End=1_767_229_300)
    trace = read(table(row(5), row(5), other))
    assert len(trace.jobs) == 3
    assert len(np.unique(trace.jobs.job_id)) == 3


def test_array_tasks_without_raw_numbers_are_no_requeues(read: Read) -> None:
    header = SACCT.replace("JobIDRaw", "JobID")
    trace = read(table(row("9_1"), row("9_2"), row("9_[3-8]"), row(4), header=header))
    assert trace.jobs.job_id.tolist() == [9, 10, 11, 4]
    assert trace.report.rows_repaired == 0


def test_an_unusable_job_number_is_replaced(read: Read) -> None:
    trace = read(table(row(1), row("job-17"), row("")))
    assert trace.jobs.job_id.tolist() == [1, 2, 3]
    assert trace.report.repaired["no usable job number: given one"] == 2


def test_local_times_and_daylight_saving(read: Read) -> None:
    summer = {"Submit": "2026-07-01T12:00:00", "Eligible": "", "Start": "2026-07-01T12:01:00", "End": ""}
    trace = read(table(row(1, **summer)), timezone="Europe/Berlin")
    assert trace.origin == datetime(2026, 7, 1, tzinfo=UTC)
    assert trace.jobs.submit_s[0] == 10 * 3600
    winter = {"Submit": "2026-01-01T12:00:00", "Eligible": "", "Start": "", "End": ""}
    assert read(table(row(1, **winter)), timezone="Europe/Berlin").jobs.submit_s[0] == 11 * 3600
    with pytest.raises(SpecError, match="Europe/Berlin"):
        read(table(row(1)), timezone="Europe/Berln")


def test_a_given_origin(read: Read) -> None:
    trace = read(table(row(1)), origin=datetime(2026, 1, 2, tzinfo=UTC))
    assert trace.jobs.submit_s[0] == -86400
    assert trace.jobs.recorded_start_s[0] == -86340


def test_states_by_many_names(read: Read) -> None:
    names = [
        "CANCELLED by 7",
        "TIMEOUT",
        "OUT_OF_ME+",
        "node_fail",
        "CD",
        "BOOT_FAIL",
        "PREEMPTED",
        "F",
        "whatever",
        "",
    ]
    trace = read(table(*(row(k, State=name) for k, name in enumerate(names))))
    assert trace.jobs.outcome.tolist() == [4, 6, 11, 7, 3, 7, 8, 5, 3, 3]
    assert trace.report.repaired == {"no known state: taken as completed": 2}


def test_energy_only_where_it_can_be(read: Read) -> None:
    header = SACCT + "|ConsumedEnergyRaw"
    energies = [3600 * 4 * 700, 0, "", 18446744073709551614, -5, 3600 * 4 * 5000]
    text = table(*(row(k) + f"|{e}" for k, e in enumerate(energies)), header=header)
    power = read(text, node_cap_w=2800.0).jobs.node_w
    assert power[0] == pytest.approx(700.0)
    assert np.isnan(power[1:]).all()
    trace = read(text)
    assert trace.jobs.node_w[5] == pytest.approx(5000.0)
    assert sum(trace.report.repaired.values()) == 2


def test_renamed_columns_of_a_csv_with_quotes(read: Read) -> None:
    text = (
        "job_id,user,name,wallclock_req,nodes_req,submit_time,start_time,end_time,run_time,state\n"
        '17,ada,"a, ""b""\nc",172800.0,10,2019-01-01 08:55:55,2019-01-01 08:55:56,'
        "2019-01-02 12:39:41,99825.0,COMPLETED\n"
    )
    trace = read(text, "eagle.csv")
    jobs = trace.jobs
    assert (jobs.job_id[0], jobs.nodes[0], jobs.limit_s[0], jobs.runtime_s[0]) == (17, 10, 172800, 99825)
    assert trace.report.rows_repaired == 0


def test_a_stray_quote_costs_one_row_at_most(read: Read) -> None:
    rows = [f"{k},2026-01-01,60,{'x' if k != 3 else chr(34)},2" for k in range(8)]
    trace = read(table(*rows, header="job_id,submit_time,run_time,name,nodes"))
    assert trace.report.rows_read == 8
    assert len(trace.jobs) >= 7


def test_times_that_count_from_the_start_of_the_log(read: Read) -> None:
    trace = read(table("1,0,60,2", "2,500,60,2", header="job_id,submit_s,runtime_s,nodes"))
    assert trace.jobs.submit_s.tolist() == [0, 500]
    assert trace.origin == datetime(1970, 1, 1, tzinfo=UTC)


def test_jobs_come_in_order_of_submission_ties_as_logged(read: Read) -> None:
    trace = read(table(row(3, Submit=1_767_225_650), row(9), row(1)))
    assert trace.jobs.job_id.tolist() == [9, 1, 3]
    assert trace.raw.row.tolist() == [1, 2, 0]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (SACCT + "\n", "no rows"),
        (row(1) + "\n", "no known format"),
        ("hello\nworld\n", "no known format"),
        (table(row(1, State="PENDING")), "none of its 1 rows is a job that ran .1: still pending"),
    ],
)
def test_what_holds_nothing_is_refused_in_one_line(read: Read, text: str, match: str) -> None:
    with pytest.raises(TraceError, match=match) as error:
        read(text)
    assert "\n" not in str(error.value)


def test_the_format_can_be_forced_and_is_checked(read: Read) -> None:
    with pytest.raises(TraceError, match="no header line"):
        read(row(1), format="sacct")
    with pytest.raises(SpecError, match="did you mean 'sacct'"):
        read(row(1), format="sact")


def test_what_jobs_ask_for_is_kept(read: Read) -> None:
    head = "JobID|Account|User|QOS|Nice|Submit|Eligible|Start|End|NNodes|NCPUS|ReqCPUS|ReqTRES|State\n"
    rows = (
        "1|a|u|high|5|1000000000|1000000060|1000000100|1000000200|2|576|8|cpu=8,mem=1.5G,node=2,gres/gpu=4|COMPLETED\n"
        "2|a|v||-7|1000000001|1000000001|1000000100|1000000200|1|288|0|node=1|COMPLETED\n"
    )
    trace = read(head + rows)
    jobs = trace.jobs
    assert jobs.processors.tolist() == [8, -1]
    assert jobs.gpus.tolist() == [4, -1]
    assert jobs.memory_mib[0] == 1536
    assert jobs.nice.tolist() == [5, -7]
    assert (jobs.eligible_s - jobs.submit_s)[0] == 60
    assert jobs.eligible_s[1] == -1
    assert trace.qos == ("high",)
    assert jobs.qos.tolist() == [0, -1]
