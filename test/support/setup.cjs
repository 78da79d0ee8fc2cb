const fs = require('node:fs');

/** The folder of jest.config.cjs again, which teardown.cjs has removed after the run before while Jest watches. */
module.exports = () => fs.mkdirSync(process.env.TMPDIR, { recursive: true });
