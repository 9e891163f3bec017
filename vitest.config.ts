import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Test files that take a minute or more. They begin first, so that none of them runs alone at the end. */
const LONG =
  /test\/(end-to-end\/(faults|npm-package|no-network|programs|table)|src\/(execute\/(nth|cluster\/.*)|toolchain\/tensorflow|tracking\/(level|faults|mlflow|two-stores))|runners\/.*\/steps|fuzz\/.*)\.test\.ts$/;

class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/global-setup.ts"],
    // TensorFlow's native binding does not survive worker threads.
    pool: "forks",
    // A file often waits for programs that it has started, so that two cores have time for a third one.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    sequence: { sequencer: LongFilesFirst },
  },
});
