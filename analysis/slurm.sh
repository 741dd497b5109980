#!/usr/bin/env bash
# A study as a Slurm array: each task runs its shard on one results folder that all nodes see; the last to end writes the report.
#   sbatch --array=1-8 analysis/slurm.sh grid --scale cpu --seeds 20 --out /shared/runs/cpu
#   SHARDS=8 sbatch --array=3,7 analysis/slurm.sh ...   does the third and the seventh share of these eight again
# Tasks that are preempted or run out of time save a checkpoint, and the same command continues. Ten tasks that were killed at once lose nothing.
#SBATCH --job-name=synthtasks
#SBATCH --cpus-per-task=4
#SBATCH --time=12:00:00
#SBATCH --signal=B:TERM@120
#SBATCH --requeue
set -euo pipefail
cd "${SLURM_SUBMIT_DIR:-$(dirname "$0")/..}"
export OMP_NUM_THREADS=1

# Which share of how many is this task's? All tasks of the array come to all shares, whatever its numbers begin with. A part of an array
# would leave shares undone, so it has to say of how many it is a part.
for word in "$@"; do
    if [[ $word == --shard* ]]; then
        echo "expected no --shard, since each task of the array has its own; found $word. To choose shares: SHARDS=8 sbatch --array=3,7 ..." >&2
        exit 2
    fi
done
id=${SLURM_ARRAY_TASK_ID:?start this with sbatch --array=1-n}
count=${SLURM_ARRAY_TASK_COUNT:?start this with sbatch --array=1-n}
if [[ -n ${SHARDS:-} ]]; then
    index=$id count=$SHARDS
    if [[ ! $count =~ ^[1-9][0-9]*$ ]] || ((index < 1 || index > count)); then
        echo "with SHARDS=$count the tasks of the array are numbers from 1 to $count; found $id" >&2
        exit 2
    fi
else
    min=${SLURM_ARRAY_TASK_MIN:?start this with sbatch --array=1-n} max=${SLURM_ARRAY_TASK_MAX:?start this with sbatch --array=1-n}
    step=${SLURM_ARRAY_TASK_STEP:-1}
    index=$(((id - min) / step + 1))
    if (((max - min) / step + 1 != count || (id - min) % step)); then
        echo "expected a whole array, as --array=1-8; found $count numbers from $min to $max. To do some of 8 shares again:" \
            "SHARDS=8 sbatch --array=3,7 analysis/slurm.sh ..., where 1 is the first share" >&2
        exit 2
    fi
fi
exec "${PYTHON:-.venv/bin/python}" -m analysis run "$@" --shard "$index/$count"
