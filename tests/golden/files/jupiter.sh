#!/bin/bash
# A 70B model: a campaign of 100B tokens on 64 nodes of JUPITER (JSC, Jülich), 4 x GH200 each.
# Written by exatwin VERSION, which never submits: read it, then change it.
# site: jupiter
# time: 4.17 d, 3.75 d to 5 d, waits in the queue left out
# jobs: 9 of 12 h, up to 11 at the slow end; each ends with 5 min to write a checkpoint, the next resumes
#   from it
# rules: as of 2026-09-02, limits as its operator states them
# site: Early access as of September 2026; the limit of running jobs of a user is adjusted as needed.
# assumed: no limit of power is asked for (--comment="CPU_POWER_CAP=<microwatts>" raises a Grace above its
#   100 W (at most 300 W); NVIDIA_POWER_LIMIT and NVIDIA_GPU_CLOCKS set the GPU)
# assumed: nothing is measured
#
#SBATCH --job-name=llm-a-70b-model
#SBATCH --account=<budget>
#SBATCH --partition=booster
#SBATCH --nodes=64
#SBATCH --ntasks-per-node=4
#SBATCH --cpus-per-task=72
#SBATCH --gres=gpu:4
#SBATCH --time=12:00:00
#SBATCH --signal=B:USR1@300
#SBATCH --no-requeue
#SBATCH --array=1-11%1
#SBATCH --open-mode=append
#SBATCH --output=%x-%A.out

set -u

# Environment: modules or a container of yours.
# module load …
# compute nodes do not reach the internet: fetch data, models and packages on a login node, or in a
#   container built before
# $SCRATCH: large files of running jobs (disk), deleted after 90 d
# $FSCRATCH: checkpoints and hot data (flash), deleted after 30 d
# $PROJECT: code and environments
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK}
export CUDA_VISIBLE_DEVICES=0,1,2,3
export SRUN_CPUS_PER_TASK=${SLURM_CPUS_PER_TASK}
MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
export MASTER_ADDR MASTER_PORT=29500

RUN_DIR=${RUN_DIR:-$PWD}            # where checkpoints lie; the program resumes from them
DONE=$RUN_DIR/done                 # the program writes it when all is done
PROGRAM=("${PROGRAM:-./program}")  # the program; what follows are its arguments
# The layout of the plan in the words of Megatron-LM; other programs use others.
PROGRAM+=(
)
# Write a checkpoint of 1 TB every 20 min of work, which loses the least to failures.

[[ -e $DONE ]] && { echo "all is done"; exit 0; }

JOB=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}}
JOB=${JOB:-$SLURM_JOB_ID}
# Slurm sends USR1 to this shell before the time is up; the job's steps get it from here.
stopped=0
stop() {
  stopped=1
  echo "$(date -Is) time is nearly up: the program is told to write a checkpoint and end"
  scancel --signal=USR1 "$JOB"
}
trap stop USR1

srun "${PROGRAM[@]}" &
step=$!
code=0
wait "$step" || code=$?
while kill -0 "$step" 2>/dev/null; do  # the signal ended the wait, not the program
  code=0
  wait "$step" || code=$?
done
[[ $stopped == 1 ]] && code=0  # it ended because it was told to
# The next job of the array starts when this one has ended.
exit "$code"
