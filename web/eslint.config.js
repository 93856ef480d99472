/** Lint of all screens. What could run or build HTML from data is forbidden: the content security policy stays strict. */
import vue from 'eslint-plugin-vue'
import { globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

const parser = { parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.vue'], sourceType: 'module' } }

export default tseslint.config(
  globalIgnores(['**/dist/**', '**/node_modules/**', 'shared/src/api/generated.ts', 'tablet/src/core/generated/**']),
  ...tseslint.configs.recommended,
  ...vue.configs['flat/recommended'],
  { files: ['**/*.vue'], languageOptions: parser },
  {
    rules: {
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      '@typescript-eslint/no-explicit-any': ['error'],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'vue/no-v-html': 'error',
      'vue/no-static-inline-styles': 'error',
      'vue/multi-word-component-names': 'off',
      // How templates are laid out is not a matter for errors; Prettier's defaults are followed by hand.
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/attributes-order': 'off',
      'vue/require-default-prop': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML)$/]",
          message: 'No HTML from data.',
        },
      ],
    },
  },
  { files: ['**/*.mjs', 'e2e/**', 'office/public/**'], rules: { 'no-console': 'off' } },
)
