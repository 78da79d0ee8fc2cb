const fs = require('node:fs');

/**
 * Creates the folder of jest.config.cjs again. In watch mode, teardown.cjs has removed the folder after the previous run.
 */
module.exports = () => fs.mkdirSync(process.env.TMPDIR, { recursive: true });
