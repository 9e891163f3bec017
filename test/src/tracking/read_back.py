"""Reads an MLflow experiment back through MLflow's own Python client as JSON.

Every line of stdin is a JSON list [URI, EXPERIMENT]; every line of stdout is an answer.
"""

import hashlib
import json
import math
import sys
import tempfile
from pathlib import Path

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities import ViewType


def number(value):
    return value if math.isfinite(value) else str(value)


def artifacts(uri, run_id):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(download_artifacts(run_id=run_id, tracking_uri=uri, dst_path=folder))
        return {
            path.relative_to(root).as_posix(): {
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "size": path.stat().st_size,
                "text": path.read_text("utf-8") if path.suffix in (".txt", ".json", ".yaml", ".md") else None,
            }
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }


def main(uri, name):
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        return None
    runs = []
    token = None
    while True:
        page = client.search_runs(
            [experiment.experiment_id],
            run_view_type=ViewType.ALL,
            max_results=1000,
            order_by=["attributes.start_time ASC"],
            page_token=token,
        )
        for run in page:
            run = client.get_run(run.info.run_id)
            runs.append(
                {
                    "id": run.info.run_id,
                    "name": run.info.run_name,
                    "status": run.info.status,
                    "stage": run.info.lifecycle_stage,
                    "start": run.info.start_time,
                    "end": run.info.end_time,
                    "params": run.data.params,
                    "tags": run.data.tags,
                    "metrics": {
                        key: [
                            [point.step, number(point.value), point.timestamp]
                            for point in sorted(
                                client.get_metric_history(run.info.run_id, key),
                                key=lambda point: (point.step, point.timestamp),
                            )
                        ]
                        for key in run.data.metrics
                    },
                    "latest": {key: number(value) for key, value in run.data.metrics.items()},
                    "inputs": [
                        {
                            "name": one.dataset.name,
                            "digest": one.dataset.digest,
                            "source": json.loads(one.dataset.source),
                            "profile": json.loads(one.dataset.profile),
                            "tags": {tag.key: tag.value for tag in one.tags},
                        }
                        for one in run.inputs.dataset_inputs
                    ],
                    "artifacts": artifacts(uri, run.info.run_id)
                    if client.list_artifacts(run.info.run_id)
                    else {},
                }
            )
        token = page.token
        if not token:
            break
    return {"id": experiment.experiment_id, "tags": experiment.tags, "runs": runs}


for line in sys.stdin:
    print(json.dumps(main(*json.loads(line))), flush=True)
