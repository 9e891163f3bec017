import type { ReportSubject } from "./content.js";
import { contentOf } from "./content.js";
import type { Page } from "./page.js";
import { pageOf } from "./page.js";
import { pngOf } from "./png.js";

/** The report of a sweep: its page, and the figures on it. */
export const reportOf = async (subject: ReportSubject): Promise<Page> =>
  pageOf(await contentOf(subject));

/** The figures of a report as PNG, by file name. */
export async function figureFiles({
  figures,
}: Pick<Page, "figures">): Promise<{ readonly [file: string]: Uint8Array }> {
  const files: { [file: string]: Uint8Array } = {};
  for (const { name, svg } of figures) {
    const safe = name.replaceAll(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 80);
    let file = `${safe}.png`;
    for (let number = 2; file in files; number += 1) file = `${safe}-${number}.png`;
    files[file] = await pngOf(svg);
  }
  return files;
}

/** The page of a report and its figures, by path: `report.html`, `figures/NAME.png`. */
export async function reportFiles(
  subject: ReportSubject,
): Promise<{ readonly [path: string]: string | Uint8Array }> {
  const page = await reportOf(subject);
  const figures = Object.entries(await figureFiles(page));
  return {
    "report.html": page.html,
    ...Object.fromEntries(figures.map(([file, bytes]) => [`figures/${file}`, bytes])),
  };
}
