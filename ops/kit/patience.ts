import { languageOf, type Text } from './language';
import { messages } from './messages';

/** Milliseconds after which a person wonders whether a command still runs. */
const INTERVAL = 15_000;

/**
 * What the work gives. As long as the work takes, a line says every 15 seconds that the command still asks AWS: a throttled request
 * is repeated for up to a minute, with growing pauses.
 *
 * @param say prints the line. @default on standard error, because the output may be a table
 * @param interval milliseconds
 */
export async function patiently<T>(
  work: Promise<T>,
  say: (text: Text) => void = (text) => console.error(text[languageOf()]),
  interval = INTERVAL,
): Promise<T> {
  const from = performance.now();
  const timer = setInterval(() => {
    say(messages.stillAsking({ seconds: Math.round((performance.now() - from) / 1_000) }));
  }, interval);
  timer.unref();
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
