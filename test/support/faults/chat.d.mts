/** What the chat endpoint of tests answers to a prompt. */
export function answerTo(prompt: string): string;
