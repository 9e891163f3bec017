import type { Part, Say } from "./parts.js";

/** Reports the progress of one part. */
export class Speaker {
  constructor(
    readonly part: Part,
    readonly title: string,
    private readonly listener: Say,
  ) {}

  /** A line that stays. */
  line(text: string): void {
    this.listener({ part: this.part, text: `${this.title}: ${text}`, transient: false });
  }

  /** A line that the next one replaces. */
  tick(text: string): void {
    this.listener({ part: this.part, text: `${this.title}: ${text}`, transient: true });
  }

  /**
   * Says a step and counts its seconds while the work goes on; `detail` is asked every second for
   * more to say (megabytes so far, time left).
   */
  async during<T>(
    text: string,
    work: () => Promise<T>,
    detail?: (seconds: number) => Promise<string> | string,
  ): Promise<T> {
    this.line(text);
    const started = performance.now();
    const seconds = () => Math.round((performance.now() - started) / 1000);
    const timer = setInterval(() => {
      void (async () => {
        const more = detail === undefined ? "" : await detail(seconds());
        if (running) this.tick(`${text}, ${more === "" ? "" : `${more}, `}${seconds()} s`);
      })();
    }, 1000);
    let running = true;
    try {
      return await work();
    } finally {
      running = false;
      clearInterval(timer);
    }
  }
}

/** `12.5 of 261 MB, 20 s left` from bytes and seconds. */
export function byteProgress(done: number, total: number | null, seconds: number): string {
  const mega = (bytes: number) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
  if (total === null || total <= 0) return `${mega(done)} MB`;
  const left = done > 0 && seconds > 0 ? Math.ceil(((total - done) * seconds) / done) : null;
  const time = left === null || left < 0 ? "" : `, about ${left} s left`;
  return `${mega(Math.min(done, total))} of ${mega(total)} MB${time}`;
}
