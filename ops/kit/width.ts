import stringWidth from 'string-width';

/** Like `String.prototype.padEnd`, for the width on a terminal: Chinese and Japanese characters take two columns. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - stringWidth(text))) + text;
}

/** A text that fits into `width` columns: one that is too wide ends in an ellipsis. */
export function fitted(text: string, width: number): string {
  return stringWidth(text) <= width ? text : `${cut(text, width - 1)}…`;
}

/** The beginning of a text that takes at most `width` columns. */
export function cut(text: string, width: number): string {
  let rest = width;
  let end = 0;
  for (const character of text) {
    rest -= stringWidth(character);
    if (rest < 0) break;
    end += character.length;
  }
  return text.slice(0, end);
}
