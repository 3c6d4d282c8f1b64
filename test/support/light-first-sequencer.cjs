/** Runs the slow test files last in mutation tests, where the first failing file ends the test of a mutant. */
const SLOW = /message-limits/;

module.exports = class {
  sort(tests) {
    return [...tests].sort((a, b) => Number(SLOW.test(a.path)) - Number(SLOW.test(b.path)));
  }

  cacheResults() {}
};
