import { LANGUAGES, type Language } from '../../../ops/kit/language';
import { DOCUMENTS, read } from '../../../test/support/documents';
import { figures, steps } from '../../pictures/kubernetes-loop';
import { pictures } from '../../pictures/pictures';
import { startLines } from '../../pictures/start';

type Name = string | Readonly<Record<Language, string>>;

const VPC_LINK = { en: 'VPC link', ja: 'VPC リンク' };
const PROVISIONED = { en: 'provisioned concurrency', ja: 'プロビジョニング 済み同時実行' };

/** What each picture names, in the picture and in its text for readers who do not see it, and what only the picture names. */
const NAMES: Readonly<Record<string, { readonly both: readonly Name[]; readonly shown: readonly Name[] }>> = {
  hero: {
    both: [
      ...['API Gateway', 'REST', 'HTTP', 'WebSocket', 'Lambda', PROVISIONED, 'ALB', VPC_LINK],
      ...['ECS', 'Fargate', 'EC2', 'EKS', 'ECR', 'DynamoDB'],
    ],
    shown: ['HPA', 'Cluster Autoscaler'],
  },
  'request-paths': {
    both: [
      ...['REST API', 'HTTP API', 'WebSocket API', 'Lambda', 'ALB', 'ECS', 'EKS', 'DynamoDB', 'CloudWatch', 'X-Ray'],
      ...[VPC_LINK, 'KMS'],
    ],
    shown: ['Fargate', 'EC2', 'CodeBuild', 'ECR', 'EventBridge', 'AWS WAF', PROVISIONED],
  },
  'kubernetes-loop': {
    both: ['Metrics Server', 'Horizontal Pod Autoscaler', 'Cluster Autoscaler'],
    shown: ['Auto Scaling'],
  },
};

const generated = pictures();
const cases = Object.entries(NAMES).flatMap(([picture, names]) =>
  LANGUAGES.map((language) => ({ picture, language, ...names })),
);
const fileOf = (picture: string, language: Language) => `${picture}${language === 'en' ? '' : `.${language}`}.svg`;

/** The lines that a picture shows. */
function shownIn(file: string): string {
  const texts = Array.from(generated.get(file)?.matchAll(/<text[^>]*>(.*?)<\/text>/g) ?? [], ([, text = '']) =>
    text.replace(/<[^>]+>/g, ' '),
  );
  return texts.join('\n');
}

/** The alternative texts of a picture in all documents. */
function alternativesOf(file: string): string[] {
  return DOCUMENTS.flatMap((document) =>
    Array.from(read(document).matchAll(/^!\[(.*)\]\((?:.*\/)?([\w.-]+\.svg)\)$/gm), ([, text = '', picture]) =>
      picture === file ? [text] : [],
    ).flat(),
  );
}

/** The names that a text has not. A blank of a name may be a break between lines. */
const missingIn = (text: string, names: readonly Name[], language: Language) =>
  names
    .map((name) => (typeof name === 'string' ? name : name[language]))
    .filter((name) => !new RegExp(`(?<![A-Za-z])${name.replaceAll(' ', '\\s*')}(?![A-Z])`).test(text));

test.each(cases)('the picture $picture in $language names its services', ({ picture, language, both, shown }) => {
  expect(missingIn(shownIn(fileOf(picture, language)), [...both, ...shown], language)).toEqual([]);
});

test.each(cases)('the text for the picture $picture in $language names its services', ({ picture, language, both }) => {
  const texts = alternativesOf(fileOf(picture, language));
  expect(texts.length).toBeGreaterThan(0);
  expect(texts.flatMap((text) => missingIn(text, both, language))).toEqual([]);
});

test.each(LANGUAGES)(
  'the text for the picture of npm start in %s ends with the counts of the recorded run',
  (language) => {
    const texts = alternativesOf(fileOf('start', language));
    expect(texts.length).toBeGreaterThan(0);
    const numbers = (text = '') => text.match(/\d+/g);
    expect(texts.map(numbers)).toEqual(texts.map(() => numbers(startLines(language).at(-1))));
  },
);

test.each(LANGUAGES)('the text for the picture of the loop in %s has the minutes of the loop', (language) => {
  const first = figures.windowSeconds / 60;
  // After the first step, pods are removed once a minute.
  const last = first + steps('down').length - 2;
  const texts = alternativesOf(fileOf('kubernetes-loop', language));
  expect(texts.map((text) => text.match(/\d+/g)?.map(Number))).toEqual([
    [first, last, figures.spareMinutes, last + figures.spareMinutes],
  ]);
});
