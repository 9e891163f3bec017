import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { killController, startController } from "../../../../scripts/slurm.mjs";
import { eventually, INSTALL, SlurmLab } from "../../../support/slurm/lab.js";

vi.setConfig({ testTimeout: 300_000 });

// A Slurm of its own: a controller that comes back may have forgotten what happened to jobs of other tests.
let slurm: SlurmLab;
beforeAll(async () => {
  slurm = await SlurmLab.open();
}, INSTALL);
afterAll(() => slurm.close());

test("a controller of Slurm that dies is waited for", async () => {
  const lab = await slurm.labOfTest();
  lab.flag("model.hold");
  const sweep = lab.start("sweep", await lab.spec("name: toy\nexecutor: slurm\n"));
  await lab.logged("holding model");
  await killController(slurm.folder);
  await eventually(() => sweep.stderr()).toContain("Slurm does not answer");
  lab.unflag("model.hold");
  await lab.logged("end model");
  await startController(slurm.folder);
  expect(await sweep.finished).toMatchObject({ code: 0 });
});
