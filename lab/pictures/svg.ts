import { type Language } from '../../ops/kit/language';

/** Kind of a box. Each has colours of its own, in the light and in the dark scheme. */
export type Tone = 'client' | 'api' | 'compute' | 'network' | 'data' | 'plain' | 'watch';
/** Kind of an arrow: a request, a call to another service, or something that happens later. */
export type Stroke = 'request' | 'call' | 'back';

const FONT =
  "-apple-system,'Segoe UI',Helvetica,Arial,'Hiragino Sans','Yu Gothic UI','Noto Sans CJK JP','Noto Sans JP',sans-serif";

/** Fill and line of each kind of box: in the light scheme, then in the dark one. */
const TONES: Readonly<Record<Tone, readonly [light: readonly [string, string], dark: readonly [string, string]]>> = {
  client: [
    ['#1f5fbf', '#1f5fbf'],
    ['#2b6cd4', '#2b6cd4'],
  ],
  api: [
    ['#f6f1ff', '#8250df'],
    ['#221a38', '#a77bf3'],
  ],
  compute: [
    ['#fff5ea', '#c96a14'],
    ['#2e2011', '#e0913f'],
  ],
  network: [
    ['#eaf7f4', '#1b8072'],
    ['#102824', '#45b8a6'],
  ],
  data: [
    ['#ebf3fd', '#3a75c4'],
    ['#12243b', '#629fec'],
  ],
  plain: [
    ['#ffffff', '#6b7682'],
    ['#161b22', '#8b949e'],
  ],
  watch: [
    ['#fdf0f3', '#b5506b'],
    ['#32161f', '#e0829b'],
  ],
};

const STROKES: Readonly<Record<Stroke, readonly [light: string, dark: string]>> = {
  request: ['#1f5fbf', '#6ca8ff'],
  call: ['#6b7682', '#9aa4af'],
  back: ['#a4630d', '#dda04e'],
};

export const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Width of a text in the fonts named above, on the safe side. */
export function widthOf(text: string, size: number, bold = false): number {
  return [...text].reduce((sum, character) => {
    // Characters of East Asia are as wide as high, bold or not.
    if (EAST_ASIAN.test(character)) return sum + size;
    return sum + emOf(character) * size * (bold ? 1.06 : 1);
  }, 0);
}

const EAST_ASIAN = /[\u2e80-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/;

function emOf(character: string): number {
  if (/[iljtfrI.,:;|'·()[\]/ -]/.test(character)) return 0.31;
  if (/[mwMW%@]/.test(character)) return 0.87;
  if (/[A-Z]/.test(character)) return 0.7;
  return 0.56;
}

/** Left edge, upper edge, width and height. */
export type Place = readonly [x: number, y: number, width: number, height: number];

export interface BoxOptions {
  /** The first line, in bold. */
  readonly name?: string;
  /** The lines below the name. */
  readonly lines?: readonly string[];
  /** Files of lib/constructs that the box shows, without their extension. */
  readonly constructs?: readonly string[];
  /** A part that is not always there. */
  readonly dashed?: boolean;
  /** The name and the lines beside each other. */
  readonly inline?: boolean;
}

export interface ZoneOptions extends Pick<BoxOptions, 'constructs'> {
  /** A frame inside another frame, without a fill. @default false */
  readonly inner?: boolean;
}

export interface TextOptions {
  readonly bold?: boolean;
  readonly muted?: boolean;
  readonly anchor?: 'start' | 'middle' | 'end';
  /** Colour of the text, as that of an arrow. @default that of text */
  readonly stroke?: Stroke;
}

export interface PictureOptions {
  readonly width: number;
  readonly height: number;
  readonly language: Language;
  readonly title: string;
  readonly description: string;
  /** Size of the text in boxes. Names are a tenth larger. */
  readonly size: number;
}

/** A picture as SVG, with colours for both schemes. The picture is as wide as the column of a page on GitHub. */
export class Picture {
  private readonly parts: string[] = [];
  private readonly nameSize: number;

  constructor(private readonly options: PictureOptions) {
    this.nameSize = Math.round(options.size * 1.1);
  }

  /** A frame with a heading, which holds boxes. */
  zone([x, y, width, height]: Place, name: string, { constructs, inner = false }: ZoneOptions = {}): this {
    const { size } = this.options;
    this.fits(name, size, width - 20);
    const rect = `<rect class="${inner ? 'inner' : 'zone'}" x="${x}" y="${y}" width="${width}" height="${height}" rx="10"/>`;
    this.parts.push(`<g${constructsOf(constructs)}>${rect}</g>`);
    return this.text(x + 14, y + size + 8, name, { muted: true });
  }

  /** A box with its text in the middle. @throws if its text is wider or higher than the box */
  box([x, y, width, height]: Place, tone: Tone, options: BoxOptions): this {
    const { name, lines = [], constructs, dashed = false, inline = false } = options;
    const { size } = this.options;
    const middle = x + width / 2;
    const parts = [
      `<rect class="${tone}${dashed ? ' dashed' : ''}" x="${x}" y="${y}" width="${width}" height="${height}" rx="8"/>`,
    ];
    if (inline && name !== undefined) {
      const line = lines.join(' ');
      const used = widthOf(name, this.nameSize, true) + size / 2 + widthOf(line, size);
      if (used > width - 12) throw new Error(`${name} ${line}: needs ${used.toFixed(0)} of ${width - 12}`);
      const text = `<tspan class="name">${escaped(name)}</tspan><tspan dx="${size / 2}">${escaped(line)}</tspan>`;
      const base = rounded(y + height / 2 + size * 0.36);
      parts.push(`<text class="middle on-${tone}" x="${middle}" y="${base}">${text}</text>`);
    } else {
      const step = Math.round(size * 1.25);
      const all = [
        ...(name === undefined ? [] : [{ line: name, bold: true }]),
        ...lines.map((line) => ({ line, bold: false })),
      ];
      const used = step * all.length - (step - size);
      if (used > height - 6) throw new Error(`${name}: ${all.length} lines need more than a height of ${height}`);
      const top = y + (height - used) / 2 + size * 0.86;
      for (const [index, { line, bold }] of all.entries()) {
        this.fits(line, bold ? this.nameSize : size, width - 12, bold);
        const at = `x="${middle}" y="${rounded(top + index * step)}"`;
        parts.push(`<text class="${bold ? 'name' : 'line'} middle on-${tone}" ${at}>${escaped(line)}</text>`);
      }
    }
    this.parts.push(`<g${constructsOf(constructs)}>${parts.join('')}</g>`);
    return this;
  }

  /** An arrow along the path. */
  arrow(path: string, stroke: Stroke = 'request'): this {
    this.parts.push(`<path class="${stroke}" d="${path}" marker-end="url(#${stroke}-head)"/>`);
    return this;
  }

  text(x: number, y: number, text: string, { bold, muted, anchor = 'start', stroke }: TextOptions = {}): this {
    const classes = [bold ? 'name' : 'line', anchor, ...(muted ? ['muted'] : []), ...(stroke ? [`is-${stroke}`] : [])];
    this.parts.push(`<text class="${classes.join(' ')}" x="${x}" y="${y}">${escaped(text)}</text>`);
    return this;
  }

  render(): string {
    const { width, height, language, title, description } = this.options;
    const heads = Object.keys(STROKES).map(
      (stroke) =>
        `<marker id="${stroke}-head" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="11" markerHeight="11" markerUnits="userSpaceOnUse" orient="auto"><path class="${stroke}-head" d="M0 0 10 5 0 10z"/></marker>`,
    );
    return `${[
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" lang="${language}" xml:lang="${language}" role="img" aria-labelledby="title desc">`,
      '<!-- Written by npm run pictures, from lab/pictures. -->',
      `<title id="title">${escaped(title)}</title>`,
      `<desc id="desc">${escaped(description)}</desc>`,
      `<style>${this.style()}</style>`,
      `<defs>${heads.join('')}</defs>`,
      `<rect class="card" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="12"/>`,
      ...this.parts,
      '</svg>',
    ].join('\n')}\n`;
  }

  private style(): string {
    const { size } = this.options;
    const scheme = (index: 0 | 1, [card, frame, zone, edge, ink, muted]: readonly string[]) =>
      [
        `.card{fill:${card};stroke:${frame}}`,
        `.zone{fill:${zone};stroke:${edge}}.inner{fill:none;stroke:${edge}}`,
        `text{fill:${ink}}.muted{fill:${muted}}`,
        ...Object.entries(TONES).map(
          ([tone, colours]) => `.${tone}{fill:${colours[index][0]};stroke:${colours[index][1]}}`,
        ),
        ...Object.entries(STROKES).map(
          ([stroke, colours]) =>
            `.${stroke}{stroke:${colours[index]}}.${stroke}-head,.is-${stroke}{fill:${colours[index]}}`,
        ),
        '.on-client{fill:#fff}',
      ].join('');
    return [
      `text{font-family:${FONT};font-size:${size}px}`,
      `.name{font-weight:700;font-size:${this.nameSize}px}.middle{text-anchor:middle}.end{text-anchor:end}`,
      'rect{stroke-width:1.5}.dashed{stroke-dasharray:6 5}.zone,.inner{stroke-width:1}',
      'path{fill:none;stroke-width:2.5}.call,.back{stroke-width:2;stroke-dasharray:6 4}marker path{stroke:none}',
      scheme(0, ['#ffffff', '#d0d7de', '#f6f8fa', '#afb8c1', '#1f2733', '#57606a']),
      `@media (prefers-color-scheme:dark){${scheme(1, ['#0d1117', '#30363d', '#141a22', '#4a535e', '#e6edf3', '#9aa4af'])}}`,
    ].join('\n');
  }

  private fits(text: string, size: number, room: number, bold = false): void {
    const width = widthOf(text, size, bold);
    if (width > room) throw new Error(`"${text}" needs ${width.toFixed(0)} of ${room} (${this.options.title})`);
  }
}

export const rounded = (value: number) => Math.round(value * 10) / 10;

function constructsOf(constructs: readonly string[] = []): string {
  return constructs.length === 0 ? '' : ` data-construct="${constructs.join(' ')}"`;
}
