#!/usr/bin/env bash
# The grid as a Slurm array: each task runs its shard on one results folder that all nodes see; the last to end writes the report.
#   sbatch --array=1-8 analysis/slurm.sh --scale cpu --seeds 20 --out /shared/runs/cpu
# Tasks that are preempted or run out of time save a checkpoint, and the same command continues. Ten tasks that were killed at once lose nothing.
#SBATCH --job-name=synthtasks
#SBATCH --cpus-per-task=4
#SBATCH --time=12:00:00
#SBATCH --signal=B:TERM@120
#SBATCH --requeue
set -euo pipefail
cd "${SLURM_SUBMIT_DIR:-$(dirname "$0")/..}"
export OMP_NUM_THREADS=1
count=${SLURM_ARRAY_TASK_COUNT:?start this with sbatch --array=1-n}
exec "${PYTHON:-.venv/bin/python}" -m analysis run grid --shard "$SLURM_ARRAY_TASK_ID/$count" "$@"
