const fs = require('node:fs');

/** Removes the folder that jest.config.cjs has created for temporary files, with all files that the tests have left. */
module.exports = () => fs.rmSync(process.env.TMPDIR, { recursive: true, force: true });
