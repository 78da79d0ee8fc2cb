import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

declare global {
  namespace jest {
    interface Matchers<R> {
      /** A snapshot in a file of its own; `npx jest -u` writes it. */
      toMatchFile(file: string): R;
    }
  }
}

expect.extend({
  toMatchFile(received: string, file: string) {
    const update = Reflect.get(Reflect.get(this, 'snapshotState') as object, '_updateSnapshot');
    const expected = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    if (expected === received) return { pass: true, message: () => `${file} matches` };
    if (update === 'all' || (update === 'new' && expected === undefined)) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, received);
      return { pass: true, message: () => `${file} was written` };
    }
    return {
      pass: false,
      message: () =>
        `${file} ${expected === undefined ? 'is missing' : 'differs'}; if the change is meant, run npx jest -u\n` +
        (this.utils.diff(expected ?? '', received) ?? ''),
    };
  },
});
