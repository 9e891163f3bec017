import { createRequire } from "node:module";
import { LIGHT } from "./colours.js";

/** Width of a picture beside that of its SVG: sharp on paper and on screens with small pixels. */
const SCALE = 2;

/** The font that the package brings: a machine without fonts would draw no text, and say nothing. */
const fontFile = (): string =>
  createRequire(import.meta.url).resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf");

/**
 * An SVG of a report as PNG, in the colours of the light page, on white. Letters that the package's font
 * lacks come from the machine's fonts, where it has any.
 */
export async function pngOf(svg: string): Promise<Uint8Array> {
  const { Resvg } = await import("@resvg/resvg-js");
  const plain = svg
    .replaceAll(/var\((--[\w-]+)\)/g, (whole, name: string) => LIGHT[name] ?? whole)
    .replaceAll("currentColor", LIGHT["--text"]!);
  const family = "DejaVu Sans";
  const picture = new Resvg(plain, {
    background: LIGHT["--ground"]!,
    fitTo: { mode: "zoom", value: SCALE },
    font: {
      fontFiles: [fontFile()],
      loadSystemFonts: true,
      defaultFontFamily: family,
      sansSerifFamily: family,
    },
    logLevel: "off",
  });
  return picture.render().asPng();
}
