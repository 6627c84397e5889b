"""What to run at home so that the readers have little to mend."""

from __future__ import annotations

COLUMNS = (
    "JobIDRaw,Cluster,Account,User,Partition,QOS,Submit,Eligible,Start,End,ElapsedRaw,TimelimitRaw,State,ExitCode,"
    "NNodes,NCPUS,ReqTRES,AllocTRES,NodeList,ConsumedEnergyRaw,Restarts,Reservation,Comment"
)
"""Columns of the canonical export of Slurm's accounting, in order."""

COMMAND = (
    "SLURM_TIME_FORMAT=%s sacct -X --allusers --parsable2 --starttime={start} --endtime={end} --format="
    + COLUMNS
)
"""The line to run: epoch times, allocations only, raw numbers; ``start`` and ``end`` as sacct takes them."""
WAITING = "JobID,JobName,Reason,SubmitLine"
"""Columns that tell arrays and dependencies; sacct has the last from Slurm 21.08 on."""
