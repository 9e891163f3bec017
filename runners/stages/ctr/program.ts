import { Drained, type RunnerProgram, type StageTask } from "../../../src/contract/runner.js";
import { canonicalJson } from "../../../src/base/json.js";
import { faultOf } from "./data/fault.js";
import { loadCtrData, shapeOf } from "./data/load.js";
import { prepareProcess } from "./process.js";
import { type CtrExecution, type CtrParams, sharedParams } from "./settings.js";

type CtrTask = StageTask<CtrParams, CtrExecution>;

/** Trains the tasks it is given, those of one shape and one set of inputs as one model. */
export const program: RunnerProgram<CtrParams, CtrExecution> = {
  async run(tasks) {
    prepareProcess(tasks[0]!.resources);
    const { buildModel } = await import("./build.js");
    const { trainInGroups } = await import("./train/group.js");
    for (const group of groupsOf(tasks)) {
      const [first] = group as [CtrTask];
      if (first.stop.draining || first.stop.abort.aborted) throw new Drained();
      const { params } = first;
      const data = await loadCtrData(first.inputs, params);
      const fault = faultOf(data);
      if (fault !== null) {
        for (const task of group) await task.fail({ kind: "spec", message: fault });
        continue;
      }
      const shape = shapeOf(params, data, first.files["backbone"]);
      await trainInGroups({ tasks: group, data, shape, buildModel });
    }
  },
};

/** Tasks that can share a model: equal in all but what replicas may differ in. */
function groupsOf(tasks: readonly CtrTask[]): CtrTask[][] {
  const groups = new Map<string, CtrTask[]>();
  for (const task of tasks) {
    const key = canonicalJson({
      params: sharedParams(task.params),
      inputs: task.inputs,
      files: task.files,
      execution: task.execution,
    });
    groups.set(key, [...(groups.get(key) ?? []), task]);
  }
  return [...groups.values()];
}
