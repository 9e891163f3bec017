// A chat endpoint whose answers follow from the prompts alone. As a program: node chat.mjs PORT

import http from "node:http";
import { pathToFileURL } from "node:url";

/**
 * What is answered to a prompt. A teacher's prompts get answers of their form: everything is foreseen to be liked;
 * what turned out wrong is reflected on, and then the contrary is foreseen.
 */
export function answerTo(prompt) {
  const about = prompt.includes("<Target User History>") ? "item" : "user";
  const thing = /<Target Book>|Book Knowledge>/u.test(prompt) ? "book" : "movie";
  const kind = thing === "book" ? "Book" : "Movie";
  if (prompt.includes("<Final Judgement>")) {
    const what = about === "user" ? "user preference" : `${thing} knowledge`;
    return (
      `<Final Judgement>the ${what} is not reasonable</Final Judgement>\n` +
      "<Reflection>It rests on one rating alone and overlooks what was disliked.</Reflection>"
    );
  }
  if (!prompt.includes("<Final Verdict>")) return `A taste of ${prompt.length % 7} kinds.`;
  const tag = about === "user" ? "User Preference" : `${kind} Knowledge`;
  const who = about === "user" ? "the user" : "the target user";
  const refines = prompt.includes("<Reflection>");
  const knowledge = refines
    ? "Likes quiet stories with people in them, and stays away from loud ones."
    : "Likes stories of adventure with a happy end.";
  return (
    `<${tag}>${knowledge}</${tag}>\n` +
    `<Final Verdict>${who} will ${refines ? "not " : ""}like the target ${thing}</Final Verdict>`
  );
}

/** Serves on a port of this machine, 0: any that is free. @returns its address, and what ends it */
export async function serve(port) {
  const server = http.createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    response.writeHead(200, { "content-type": "application/json" });
    if (request.url.endsWith("/models")) {
      response.end(JSON.stringify({ object: "list", data: [{ id: "m", object: "model" }] }));
      return;
    }
    const content = answerTo(JSON.parse(body).messages.at(-1).content);
    response.end(
      JSON.stringify({
        choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content } }],
        usage: { prompt_tokens: 9, completion_tokens: 6, total_tokens: 15 },
      }),
    );
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { address: `http://127.0.0.1:${server.address().port}/v1`, close: () => server.close() };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await serve(Number(process.argv[2]));
