import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

/** A process that works when told to, and says how much it did. */
export class MeasuredProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  compileSeconds = NaN;

  private constructor(command: string, args: readonly string[], environment: NodeJS.ProcessEnv) {
    this.#child = spawn(command, args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...environment },
    });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** Starts it and waits until it is warm. */
  static async start(
    command: string,
    args: readonly string[],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<MeasuredProcess> {
    const process = new MeasuredProcess(command, args, environment);
    process.compileSeconds = Number((await process.#answer())["compile_seconds"]);
    return process;
  }

  /** Works for about so many seconds; model-samples a second. */
  async rate(seconds: number): Promise<number> {
    this.#child.stdin!.write(`${seconds}\n`);
    const { samples, seconds: taken } = await this.#answer();
    return samples! / taken!;
  }

  stop(): void {
    this.#child.stdin!.end();
    this.#child.kill();
  }

  async #answer(): Promise<{ readonly [name: string]: number }> {
    // Libraries may print lines of their own.
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true)
        throw new Error(`a measured process ended: ${this.#child.spawnargs.join(" ")}`);
      if (value.startsWith("{")) return JSON.parse(value) as { [name: string]: number };
    }
  }
}
