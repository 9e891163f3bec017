import type { StageTask } from "../../../src/contract/runner.js";
import { sample } from "../../base/artifacts/samples.js";
import { parseVerdict, studentPrompt, teacherPrompt } from "../../base/prompts/index.js";
import { askTeacher } from "./ask-teacher.js";
import { aboutOf, SUBJECTS, targetOf, type Case } from "./case.js";
import { givesAway } from "./leak.js";
import { openLesson } from "./lesson.js";
import { publishLesson } from "./publish.js";
import type { TeachExecution, ThinkParams } from "./settings.js";
import { chooseTargets } from "./targets.js";
import { countThoughts, isSound, thoughtOf, type Thought } from "./thoughts.js";

/** teach-think: asks the teacher about each target and sorts its answers by the true label. */
export async function think(task: StageTask<ThinkParams, TeachExecution>): Promise<void> {
  const { params } = task;
  const lesson = await openLesson(task, 1);
  try {
    const thoughts: Thought[] = [];
    for (const subject of SUBJECTS) {
      const targets = chooseTargets(
        lesson.maker.data,
        subject,
        subject === "user" ? params.users : params.items,
        params.prompts.seed + (subject === "user" ? 0 : 1),
      );
      const taught = await askTeacher(
        targets.map((target) => teacherPrompt(lesson.maker, "think", subject, target, null)),
        (answer) => parseVerdict(answer, subject, lesson.tag),
        lesson.asking(`${subject}s`, lesson.guides.verdict(subject)),
      );
      targets.forEach(({ user, item, likes }, index) => {
        const about: Case = { subject, user, item, likes };
        const leaks = (text: string) => givesAway(text, about, lesson.maker);
        thoughts.push(thoughtOf(about, taught[index]!, leaks));
      });
    }
    const thinking = thoughts
      .filter(isSound)
      .map((thought) =>
        sample(
          studentPrompt(lesson.maker, "think", aboutOf(thought), null, targetOf(thought)),
          thought.knowledge!,
        ),
      );
    await publishLesson(task, lesson, thoughts, { thinking }, countThoughts(thoughts));
  } finally {
    await lesson.close();
  }
}
