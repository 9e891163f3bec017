import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/**", "node_modules/**", ".r4ec/**"] },
  ...tseslint.configs.recommended,
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
    },
  },
  {
    files: ["src/**/*.ts", "runners/**/*.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector:
            "CallExpression[callee.name=/^mkdir(Sync)?$/] Property[key.name='recursive'], " +
            "CallExpression[callee.property.name=/^mkdir(Sync)?$/] Property[key.name='recursive']",
          message:
            "Node's recursive mkdir hides the cause of a disk's failure: use openFolder or openFolderSync of src/base/folder.ts, or makeFolder of src/base/durable.ts.",
        },
      ],
    },
  },
);
