const fs = require('node:fs');

/** Removes what the tests left in the folder that jest.config.cjs made for it. */
module.exports = () => fs.rmSync(process.env.TMPDIR, { recursive: true, force: true });
