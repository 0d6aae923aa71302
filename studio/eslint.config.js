import js from '@eslint/js'
import a11y from 'eslint-plugin-jsx-a11y'
import hooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['node_modules', 'src/api/schema.ts', '*.mjs'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  a11y.flatConfigs.recommended,
  hooks.configs.flat.recommended,
  {
    rules: {
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // Rooms: parts know no page, the API knows neither, pages do not know each other.
      'no-restricted-imports': ['error', { patterns: ['../*'] }],
      // Only says that the compiler, which is not used, would leave out components with virtual rows.
      'react-hooks/incompatible-library': 'off',
    },
  },
  {
    // Pages are loaded one by one: what two of them need is a part.
    files: ['src/pages/**'],
    rules: {
      'no-restricted-imports': ['error', { patterns: ['../*', '@/pages/*'] }],
    },
  },
  {
    files: ['src/api/**', 'src/parts/**'],
    rules: {
      'no-restricted-imports': ['error', { patterns: ['../*', '@/pages/*', '@/app/*'] }],
    },
  },
)
