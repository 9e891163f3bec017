import { beforeAll, describe, expect, it } from "vitest";
import { helpOf, idleCommands, parseCall } from "../../support/idle-commands.js";

const commands = idleCommands.map(
  ({ usages, examples }) => [usages[0]!.split(" ")[0]!, examples] as const,
);

// The width of a terminal decides where lines break.
beforeAll(() => void Object.assign(process.stdout, { columns: 100 }));

describe("r4ec --help", () => {
  it("lists every command, as it stands (mend: npm test -- FILE -u, and read the difference)", async () => {
    const help = await helpOf([]);
    for (const [name] of commands) expect(help).toContain(`r4ec ${name}`);
    expect(help).toMatchSnapshot();
  });

  it.each(commands)("has examples that the command line takes: %s", async (name, examples) => {
    expect(examples.length).toBeGreaterThan(0);
    const help = await helpOf([name]);
    expect(help).toMatchSnapshot();
    for (const [call] of examples) {
      expect(call.split(" ")[0]).toBe(name);
      expect(help.replace(/\s+/g, " ")).toContain(`r4ec ${call}`);
      const words = call.split(" > ")[0]!.split(" ");
      await parseCall(words.map((word) => word.replace(/^'(.*)'$/, "$1")));
    }
  });
});
