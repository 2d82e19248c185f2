"""Operations as values: the shell, a page, bulk jobs and tests build the same ones and run them.

operation = aeolia.Denoise(model="denoise-16k", attenuation_limit_db=12)
report = operation.run("talk.wav", "talk.clean.wav")
print(report)
operation == aeolia.operation_from_json(operation.to_json())
"""
