@echo off
rem Finds a Python that this kit has packages for, and starts the course with it. Needs no network.
rem     start.bat [FOLDER] [--no-lab]
setlocal
set "KIT_PYTHON="
for %%V in (@PYTHONS@) do call :try %%V py -%%V
for %%V in (@PYTHONS@) do call :try %%V python
if not defined KIT_PYTHON goto missing
%KIT_PYTHON% -B "%~dp0start.py" %*
if not "%errorlevel%"=="0" pause
exit /b %errorlevel%

:try
if defined KIT_PYTHON exit /b
%2 %3 -c "import sys; sys.exit(list(map(str, sys.version_info[:2])) != '%1'.split('.'))" >nul 2>nul
if "%errorlevel%"=="0" set "KIT_PYTHON=%2 %3"
exit /b

:missing
echo This kit needs Python @ANY_OF@, which is not on this machine: install it from https://www.python.org/downloads/ and start again.
pause
exit /b 1
