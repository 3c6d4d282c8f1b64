import { ACCOUNT, REGION } from '../../lambda/core/target.ts';

test.each(['111122223333', '000000000000'])('%j is an account', (text) => {
  expect(text).toMatch(ACCOUNT);
});

test.each([
  '',
  '11112222333',
  '1111222233334',
  'x111122223333',
  '111122223333x',
  '1111-2222-3333',
  '１１１１２２２２３３３３',
])('%j is no account', (text) => {
  expect(text).not.toMatch(ACCOUNT);
});

test.each(['eu-west-1', 'ap-southeast-7', 'us-gov-east-1', 'us-isob-east-1', 'eusc-de-east-1', 'us-east-12'])(
  '%j has the form of a region',
  (text) => {
    expect(text).toMatch(REGION);
  },
);

test.each(['', 'aws-global', 'us-east', 'xx/us-east-1', 'us-east-1a', 'us-east-1.evil', 'us-east-123', 'US-EAST-1'])(
  '%j does not',
  (text) => {
    expect(text).not.toMatch(REGION);
  },
);
