import { execa } from "execa";
import { expect, it } from "vitest";

const session = new URL(
  "../../../../../dist/runners/stages/ctr/graph/graph-session.js",
  import.meta.url,
);
const tensorflow = new URL("../../../../../dist/runners/stages/ctr/tensorflow.js", import.meta.url);

/** How often TensorFlow's graph optimizer speaks in a process that makes a session and calls two functions. */
async function optimizations(xla: boolean): Promise<number> {
  const program = `
    const { GraphSession } = await import("${session.href}");
    const { tf } = await import("${tensorflow.href}");
    const total = tf.variable(tf.ones([3]));
    const run = ([x]) => {
      total.assign(tf.add(tf.mul(total, 2), tf.sigmoid(x)));
      return [tf.add(tf.square(total), 1)];
    };
    const f = { inputs: [{ shape: [3], dtype: "float32" }], run };
    const session = await GraphSession.create({ f, g: { ...f, compile: false } }, { xla: ${xla} });
    for (const name of ["f", "g"]) session.run(name, [Float32Array.of(1, 2, 3)]);
    process.exit(0);`;
  const env = { TF_CPP_MIN_LOG_LEVEL: "0", TF_CPP_VMODULE: "meta_optimizer=1" };
  const { stderr } = await execa(process.execPath, ["--input-type=module", "-e", program], { env });
  return stderr.split("\n").filter((line) => line.includes("meta_optimizer.cc")).length;
}

it("TensorFlow's graph optimizer is left out of sessions with XLA, and only there", async () => {
  expect(await optimizations(true)).toBe(0);
  expect(await optimizations(false)).toBeGreaterThan(0);
}, 120_000);
