"""Names in ``slurm.conf``: those that a simulation uses, with the kind of their value, and the others.

References
----------
https://slurm.schedmd.com/slurm.conf.html
"""

from __future__ import annotations

OPTIONS = {
    "clustername": "word",
    "schedulertype": "word",
    "schedulerparameters": "words",
    "prioritytype": "word",
    "priorityflags": "words",
    "priorityweightage": "weight",
    "priorityweightassoc": "weight",
    "priorityweightfairshare": "weight",
    "priorityweightjobsize": "weight",
    "priorityweightpartition": "weight",
    "priorityweightqos": "weight",
    "priorityweighttres": "tres",
    "prioritymaxage": "minutes",
    "prioritydecayhalflife": "minutes",
    "prioritycalcperiod": "minutes",
    "priorityfavorsmall": "word",
    "priorityusageresetperiod": "period",
    "fairsharedampeningfactor": "count",
    "preempttype": "word",
    "preemptmode": "words",
    "preemptexempttime": "minutes",
    "accountingstorageenforce": "words",
    "accountingstoragetres": "words",
    "topologyplugin": "word",
    "jobrequeue": "word",
    "enforcepartlimits": "word",
    "selecttype": "word",
    "selecttypeparameters": "words",
}
"""Options that count, by name in lower case: the kind of their value."""

PARAMETERS = {
    "bf_interval": "seconds",
    "bf_resolution": "seconds",
    "bf_window": "count",
    "bf_window_linear": "seconds",
    "bf_max_job_test": "count",
    "bf_max_job_start": "count",
    "bf_node_space_size": "count",
    "default_queue_depth": "count",
    "sched_interval": "seconds",
}
"""``SchedulerParameters`` that count; `bf_window` is in minutes."""

_FLAGS = """
ACCRUE_ALWAYS CALCULATE_RUNNING DEPTH_OBLIVIOUS FAIR_TREE NO_FAIR_TREE INCR_ONLY MAX_TRES MAX_TRES_GRES
NO_NORMAL_ALL NO_NORMAL_ASSOC NO_NORMAL_PART NO_NORMAL_QOS NO_NORMAL_TRES SMALL_RELATIVE_TO_TIME
"""
FLAGS = frozenset(_FLAGS.split())
"""Words of ``PriorityFlags``."""

_EXACT = """
bf_allow_magnetic_slot bf_busy_nodes bf_continue bf_hetjob_immediate bf_hetjob_prio bf_licenses
bf_job_part_count_reserve bf_max_job_array_resv bf_max_job_assoc bf_max_job_part bf_max_job_user
bf_max_job_user_part bf_max_time bf_min_age_reserve bf_min_prio_reserve bf_one_resv_per_job
bf_running_job_reserve bf_topopt_enable bf_topopt_iterations bf_yield_interval bf_yield_rpc_cnt
bf_yield_sleep assoc_limit_stop batch_sched_delay build_queue_timeout correspond_after_task_cnt
default_gbytes defer defer_batch delay_boot disable_job_shrink disable_hetjob_steps enable_hetjob_steps
enable_job_state_cache enable_user_top extra_node_sync ff_wait ff_wait_value ignore_constraint_validation
ignore_numa ignore_prefer_validation inventory_interval ignore_spare_cores_conf max_array_tasks
max_depend_depth max_rpc_cnt max_sched_time max_script_size max_submit_line_size max_switch_wait min_age
no_backup_scheduling no_env_cache nohold_on_prolog_fail niptr pack_serial_at_end partition_job_depth
permit_job_expansion preempt_reorder_count preempt_send_user_signal preempt_strict_order
preempt_youngest_first preempt_youngest_order reduce_completing_frag requeue_delay requeue_setup_env_fail
salloc_wait_nodes sbatch_wait_nodes sched_max_job_start sched_min_interval spec_cores_first
step_retry_count step_retry_time time_min_as_soft_limit user_job_limit whole_hetjob whole_pack
priorityparameters prioritysitefactorparameters prioritysitefactorplugin completewait overtimelimit
accountingstoragebackuphost accountingstorageexternalhost accountingstoragehost accountingstorageloc
accountingstorageparameters accountingstoragepass accountingstorageport accountingstoragetype
accountingstorageuser accountingstoreflags accountingstorejobcomment
"""
EXACT = frozenset(_EXACT.split())
"""Names that Slurm knows and a simulation has no use for."""

_BEGINNINGS = """
acctgather allowspec auth backup batchstart bcast burstbuffer certgen certmgr checkpoint clifilter cloud
comm control corespec cpufreq cred crypto debugflags debugcomp default defcpu defmem defstor
dependencyparam disableroot eiotimeout epilog extsensors fastschedule federation firstjobid frontend
getenv gres group hashplugin healthcheck inactivelimit interactivestep jobacct jobcheckpoint jobcomp
jobcontainer jobcred jobfile jobsubmit keepalive killonbad killwait launch licenses logtime mail maxarray
maxbatch maxdbd maxjob maxmem maxnode maxstep maxtasks mcs messagetimeout metrics minjobage mpi msg
namespace nodefeatures openmode plug power prep private proctrack prolog propagate reboot reconfig requeue
resume resv return routeplugin sbcast schedulerport schedulerroot schedulertime scron slurm srun statesave
storage suspend switch taskplugin taskepilog taskprolog tcptimeout threads tls tmpfs topologyparam
trackwckey treewidth unkillable url usepam usepass usespec vsizefactor waittime wckey x11
"""
BEGINNINGS = tuple(_BEGINNINGS.split())
"""Beginnings of more such names: daemons, programs, files, hosts, security, energy, limits of processes."""


def known(key: str) -> bool:
    """Return whether Slurm knows the name `key`, in lower case, though a simulation has no use for it."""
    return key in EXACT or key.startswith(BEGINNINGS)
