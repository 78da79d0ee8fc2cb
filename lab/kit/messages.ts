import { message } from '../../ops/kit/language';

/** Texts of the tables of verdicts, and of the endpoint and the folders that several commands use. */
export const messages = {
  // Tables
  verdict: message({ en: 'verdict', ja: '判定' }),
  proves: message({ en: 'what it proves', ja: '確認した内容' }),
  pass: message({ en: 'pass', ja: '合格' }),
  FAIL: message({ en: 'FAIL', ja: '失敗' }),
  detail: message({ en: '{verdict}: {name}: {detail}', ja: '{verdict}：{name}：{detail}' }),
  summary: message({
    en: '{passed} passed, {failed} failed, {number} {unproven}',
    ja: '合格 {passed}、失敗 {failed}、{unproven} {number}',
  }),

  // Terminal
  seconds: message({ en: '{seconds} s', ja: '{seconds} 秒' }),

  // Endpoint
  notUrl: message({
    en: 'AWS_ENDPOINT_URL: "{url}" is not a URL. Set it to http://127.0.0.1:4566, for example, or unset it.',
    ja: 'AWS_ENDPOINT_URL："{url}" は URL ではありません。http://127.0.0.1:4566 のような値にするか、変数を削除してください。',
  }),
  noEndpoint: message({
    en: 'environment local: needs an endpoint on this machine, but AWS_ENDPOINT_URL is not set. Run `npm start`, or set AWS_ENDPOINT_URL to a running one.',
    ja: '環境 local：このマシン上のエンドポイントが必要ですが、AWS_ENDPOINT_URL が設定されていません。`npm start` を実行するか、起動中のエンドポイントを AWS_ENDPOINT_URL に設定してください。',
  }),
  nothingAnswers: message({
    en: 'AWS_ENDPOINT_URL: nothing answers at {url}. Start it, or unset AWS_ENDPOINT_URL to have one started.',
    ja: 'AWS_ENDPOINT_URL：{url} から応答がありません。エンドポイントを起動するか、AWS_ENDPOINT_URL を削除してください（自動で起動します）。',
  }),
  missing: message({ en: 'missing', ja: '不明' }),
  otherAccount: message({
    en: 'AWS_ENDPOINT_URL: {url} is not an endpoint for local deployments: its account is {account}, expected {expected}. Unset AWS_ENDPOINT_URL to have one started.',
    ja: 'AWS_ENDPOINT_URL：{url} はローカルデプロイ用のエンドポイントではありません。アカウントは {account} ですが、{expected} である必要があります。AWS_ENDPOINT_URL を削除すると自動で起動します。',
  }),

  // Folders
  foreignFolder: message({
    en: 'KUMIKI_STATE: {folder} holds other files, which Kumiki could remove. Name a folder that is new or empty, or unset KUMIKI_STATE.',
    ja: 'KUMIKI_STATE：{folder} には別のファイルがあり、Kumiki が削除するおそれがあります。新しいディレクトリか空のディレクトリを指定するか、KUMIKI_STATE を削除してください。',
  }),
  noPackages: message({
    en: 'KUMIKI_STATE: {folder} is not below a folder with node_modules, where functions look for their packages. Name a folder below {root}, or unset KUMIKI_STATE.',
    ja: 'KUMIKI_STATE：{folder} の上位に node_modules がなく、関数がパッケージを見つけられません。{root} の下のディレクトリを指定するか、KUMIKI_STATE を削除してください。',
  }),
};
