import { execa } from "execa";
import { expect, it } from "vitest";

const session = new URL(
  "../../../../../dist/runners/stages/ctr/graph/graph-session.js",
  import.meta.url,
);
const tensorflow = new URL("../../../../../dist/runners/stages/ctr/tensorflow.js", import.meta.url);

/** How often each of TensorFlow's graph optimizers speaks in a process that makes a session and calls two functions. */
async function optimizations(xla: boolean, variable = ""): Promise<[number, number]> {
  const program = `
    const { GraphSession } = await import("${session.href}");
    const { tf } = await import("${tensorflow.href}");
    const total = tf.variable(tf.ones([3]));
    const run = ([x]) => {
      total.assign(tf.add(tf.mul(total, 2), tf.sigmoid(x)));
      return [tf.add(tf.square(total), tf.fill([3], 1))];
    };
    const f = { inputs: [{ shape: [3], dtype: "float32" }], run };
    const session = await GraphSession.create({ f, g: { ...f, compile: false } }, { xla: ${xla} });
    for (const name of ["f", "g"]) session.run(name, [Float32Array.of(1, 2, 3)]);
    process.exit(0);`;
  const env = {
    TF_CPP_MIN_LOG_LEVEL: "0",
    TF_CPP_VMODULE: "meta_optimizer=1,constant_folding=1",
    R4EC_GRAPH_OPTIMIZER: variable,
  };
  const { stderr } = await execa(process.execPath, ["--input-type=module", "-e", program], { env });
  const count = (file: string): number => stderr.split(file).length - 1;
  return [count("meta_optimizer.cc"), count("constant_folding.cc")];
}

it("TensorFlow's graph optimizers are left out of sessions with XLA, unless they are asked for", async () => {
  // What XLA compiles, it folds itself.
  expect((await optimizations(true))[0]).toBe(0);
  expect(await optimizations(false, "off")).toEqual([0, 0]);
  for (const [xla, variable] of [
    [false, ""],
    [true, "on"],
  ] as const) {
    for (const count of await optimizations(xla, variable)) expect(count).toBeGreaterThan(0);
  }
}, 120_000);
