import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const READMES = ['README.md', 'README.ja.md'];
/** All documents that a reader meets. */
export const DOCUMENTS = [
  ...readdirSync('.'),
  ...['docs', '.github'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  ),
].filter((file) => file.endsWith('.md') || file === 'llms.txt');
/** Documents in Japanese. Each has an English version. */
export const JAPANESE_DOCUMENTS = DOCUMENTS.filter((file) => file.endsWith('.ja.md'));
export const read = (file: string) => readFileSync(file, 'utf8');
/** A page in English, such as docs/costs.md, and in Japanese. */
export const twins = (page: string) => [page, page.replace(/\.md$/, '.ja.md')];
/** The text without its code blocks. */
export const withoutCode = (text: string) => text.replace(/^```.*?^```$/gms, '');
/** What the first group of the pattern matches. */
export const matches = (text: string, pattern: RegExp) => Array.from(text.matchAll(pattern), ([, found = '']) => found);

/** The anchor that GitHub creates for a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** The anchors of all headings of a document, in their order. */
export function anchorsOf(file: string): string[] {
  return matches(withoutCode(read(file)), /^#+ (.+)$/gm).map(anchorOf);
}

/** The file and the anchor of a link. */
export function targetOf(file: string, link: string): { target: string; anchor?: string } {
  const [path = '', anchor] = link.split('#');
  return { target: path === '' ? file : join(dirname(file), path), anchor };
}

/**
 * Figures and links of a document, sorted. Links to Japanese documents and their headings count as links to the English
 * ones.
 */
export function factsOf(file: string): string[] {
  const text = read(file);
  const links = matches(text, /\]\(([^)]+)\)/g).map((link) => {
    // AWS and Kubernetes have some of their pages in Japanese, too.
    if (/^https?:/.test(link))
      return link.replace('aws.amazon.com/ja_jp/', 'aws.amazon.com/').replace('kubernetes.io/ja/', 'kubernetes.io/');
    const { target, anchor } = targetOf(file, link);
    // The anchors differ between the languages, but the headings have the same order.
    return `${target.replace('.ja.', '.')} ${anchor === undefined ? '' : anchorsOf(target).indexOf(anchor)}`;
  });
  // The order of figures within a sentence depends on the language.
  return [...matches(text, /(\d+\.\d{2}\b)/g), ...links].toSorted();
}

/** Headings, rows of tables with their number of columns, code blocks and pictures of a document, without their words. */
export function outlineOf(file: string): string[] {
  return read(file)
    .split('\n')
    .flatMap((line) => {
      if (/^#+ /.test(line)) return [line.replace(/ .*/, '')];
      if (line.startsWith('|')) return [`row of ${line.split('|').length - 2}`];
      if (line.startsWith('```')) return [line];
      return line.startsWith('![') ? ['picture'] : [];
    });
}
